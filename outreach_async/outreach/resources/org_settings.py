"""Org exclusion lists (`/orgSettings`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
from typing import Any, ClassVar

from ..collection import Adjustable
from ..params import LEFT_OUT, Params
from ..record import Record


class OrgSetting(Record):
    """Org exclusion lists. Its ids are texts on the wire, and stay texts."""

    resource_type: ClassVar[str] = "orgSetting"
    resource_path: ClassVar[str] = "/orgSettings"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    contact_exclusions: str | None = None
    prospect_email_exclusions: str | None = None
    send_exclusions: str | None = None


class OrgSettingPatch(Params):
    """What can be changed of an org setting."""

    contact_exclusions: str | None = LEFT_OUT
    prospect_email_exclusions: str | None = LEFT_OUT
    send_exclusions: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Adjustable(OrgSetting, OrgSettingPatch)

"""Voice import (`/kaiaVoiceImports`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
from typing import Any, ClassVar

from ..collection import Creatable
from ..params import LEFT_OUT, Params
from ..record import Record


class KaiaVoiceImport(Record):
    """Voice import."""

    resource_type: ClassVar[str] = "kaiaVoiceImport"
    resource_path: ClassVar[str] = "/kaiaVoiceImports"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"write"})

    call_id: str | None = None
    instance_id: str | None = None
    metadata: str | None = None
    recording_url: str | None = None


class KaiaVoiceImportDraft(Params):
    """A kaia voice import to create."""

    call_id: str | None = LEFT_OUT
    metadata: str | None = LEFT_OUT
    recording_url: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Creatable(KaiaVoiceImport, KaiaVoiceImportDraft)

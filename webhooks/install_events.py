"""Events of an app's life in an organisation: installed, reconfigured, uninstalled.

Outreach documents the names of the first and the last only, so every other `install.*` is an `InstallEvent`. Ids are
texts here: the install id is what a server-to-server token is asked for with.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import Any

from .events import Event
from .outreach_payload import delivered_at, id_problem, member


class InstallEvent(Event, name="install.*"):
    """Something happened to an installation of the app: an update or a reconfiguration, where no subclass fits."""

    provider = "outreach-lifecycle"

    @classmethod
    def problem(cls, document: abc.Mapping[str, Any]) -> str:
        """Say what a payload lacks to be this event: the id of the installation."""
        return id_problem(document)

    @property
    def install_id(self) -> str:
        """The installation, as `S2SApp.install` takes it."""
        return str(member(self.document, "data")["id"])

    @property
    def app_id(self) -> str:
        """The app's server-to-server GUID; empty where the payload does not tell it."""
        relationships = member(member(self.document, "data"), "relationships")
        app = member(relationships, "app")
        return str((member(app, "data") or app).get("id") or "")

    @property
    def delivered_at(self) -> dt.datetime | None:
        """When Outreach sent it; a time told without a zone is taken for UTC. None where it does not say so."""
        return delivered_at(self.document)

    @property
    def request_id(self) -> str:
        """`Outreach-Webhook-ID`, made anew for each request; empty where it was not sent."""
        return self.delivery.header("outreach-webhook-id")


class InstallCreated(InstallEvent, name="install.created"):
    """The app was installed in an organisation."""


class InstallDeleted(InstallEvent, name="install.deleted"):
    """The app was uninstalled, or its organisation was deleted."""

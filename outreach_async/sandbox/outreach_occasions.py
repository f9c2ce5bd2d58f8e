"""Makes the events of the simulated Outreach happen, each by a real change of a row.

A row of each type is made for the purpose and used for all its events in turn, so that nothing of the seed changes.
Other events happen besides, as in life: who completes a task touches its prospect.
"""

from __future__ import annotations

import collections.abc as abc
from functools import cache
from typing import Any, TypeAlias

from ..protocol.errors import ConfigurationError
from ..protocol.event_names import OUTREACH_ACTIONS
from .activity import complete_task
from .calls import Actor
from .enrolment import Engagement, advance, begin, engage, finish, pause
from .organisation import Change, Organisation, Relations, Values
from .store import Ref

_Draft: TypeAlias = tuple[Values, Relations]
_USER: Ref = ("user", 1)
_ENGAGEMENTS: dict[str, Engagement] = {
    "delivered": "delivered",
    "opened": "opened",
    "replied": "replied",
    "bounced": "bounced",
}
# What an update changes: an attribute, and the text before its count.
_TOUCHED = {
    "account": ("name", "Difference Engines"),
    "call": ("note", "Call back"),
    "emailAddress": ("status", "verified"),
    "mailing": ("subject", "Hello again"),
    "opportunity": ("name", "Second engine"),
    "opportunityProspectRole": ("role", "Champion"),
    "prospect": ("title", "Countess"),
    "sequence": ("name", "Follow-up"),
    "task": ("note", "Ask again"),
    "user": ("title", "Analyst"),
}


@cache
def event_names() -> tuple[str, ...]:
    """Give every event of the matrix, each type from its creation to its end."""
    names = []
    for name, actions in OUTREACH_ACTIONS.items():
        if name != "*":
            last = [f"{name}.destroyed"] if "destroyed" in actions else []
            names += [f"{name}.{action}" for action in actions if action != "destroyed"] + last
    return tuple(names)


class OutreachOccasions:
    """Lets events happen, one at a time."""

    def __init__(self, org: Organisation, actor: Actor) -> None:
        self._org = org
        self._actor = actor
        self._rows: dict[str, Ref] = {}
        self._count = 0
        self._seen: list[Change] | None = None
        org.on_change(self._note)

    def fire(self, event: str, now: float) -> tuple[Change, ...]:
        """Let an event such as `prospect.updated` happen, and give every change that came of it, in order.

        Raises ConfigurationError for an event that does not exist.
        """
        if event not in event_names():
            raise ConfigurationError(f"Outreach sends no event {event!r}.", hint="See protocol.event_names.")
        kind, _, action = event.partition(".")
        seen: list[Change] = []
        self._seen = seen
        try:
            self._act(kind, action, now)
        finally:
            self._seen = None
        return tuple(seen)

    def _note(self, change: Change) -> None:
        if self._seen is not None:
            self._seen.append(change)

    def _act(self, type: str, action: str, now: float) -> None:
        if action == "created":
            self._make(type, now)
            return
        ref = self._row(type, now)
        if action == "destroyed":
            self._org.destroy(ref, now=now, actor=self._actor)
        elif type == "mailing" and action in _ENGAGEMENTS:
            engage(self._org, ref, _ENGAGEMENTS[action], now)
        elif type == "sequenceState":
            self._move(ref, action, now)
        elif action == "completed":
            complete_task(self._org, ref, now, self._actor, "", "")
        elif action == "finished":
            self._org.update(ref, {"state": "finished"}, now=now, actor=self._actor, special="finished")
        else:
            attribute, text = _TOUCHED[type]
            self._count += 1
            self._org.update(ref, {attribute: f"{text} {self._count}"}, now=now, actor=self._actor)

    def _move(self, state: Ref, action: str, now: float) -> None:
        """Take a sequence state on; one that is over is replaced by a new one."""
        row = self._org.row(state)
        steps = self._org.store.holders("sequenceStep", "sequence", row.one["sequence"])
        at_its_end = row.one.get("sequenceStep") == ("sequenceStep", steps[-1] if steps else 0)
        if row.attributes["state"] == "finished" or (action == "advanced" and at_its_end):
            row = self._org.row(self._make("sequenceState", now))
        if row.attributes["state"] != "active":
            row = begin(self._org, row, now, self._actor)
        match action:
            case "updated":
                pause(self._org, row.ref, now, self._actor)
            case "advanced":
                advance(self._org, row.ref, now, self._actor)
            case _:
                finish(self._org, row.ref, now, self._actor)

    def _row(self, type: str, now: float) -> Ref:
        """Give the row made for a type; a new one where it is gone."""
        ref = self._rows.get(type)
        return ref if ref and self._org.store.has(ref) else self._make(type, now)

    def _make(self, type: str, now: float) -> Ref:
        self._count += 1
        attributes, related = self._draft(type, now)
        row = self._org.create(type, attributes, related, now=now, actor=self._actor)
        self._rows[type] = row.ref
        return row.ref

    def _draft(self, type: str, now: float) -> _Draft:
        """Give what a new row of a type needs."""
        number = self._count
        drafts: dict[str, abc.Callable[[], _Draft]] = {
            "account": lambda: ({"name": f"Engines {number}", "domain": f"engines-{number}.example"}, self._owner()),
            "call": lambda: ({"note": "Called", "direction": "outbound"}, {"user": _USER, **self._prospect(now)}),
            "emailAddress": lambda: ({"email": f"second-{number}@engines.example"}, self._prospect(now)),
            "import": lambda: (_import(number), {"creator": _USER}),
            "kaiaRecording": lambda: ({"title": "Engine review", "state": "ENDED"}, self._owner()),
            "mailing": lambda: (
                {"subject": "Hello", "bodyHtml": "<p>Hello</p>"},
                {"mailbox": self._mailbox(), **self._prospect(now)},
            ),
            "opportunity": lambda: ({"name": f"Engine {number}", "amount": 1000}, self._owner()),
            "opportunityProspectRole": lambda: (
                {"role": "Buyer"},
                {"opportunity": self._row("opportunity", now), **self._prospect(now)},
            ),
            "prospect": lambda: (_person(number), self._owner()),
            "sequence": lambda: ({"name": f"Sequence {number}", "enabled": True}, self._owner()),
            "sequenceState": lambda: ({}, self._enrolment(now)),
            "task": lambda: (
                {"action": "action_item", "note": "Ask"},
                {"owner": _USER, "subject": self._row("prospect", now)},
            ),
            "user": lambda: ({**_person(number), "email": f"user-{number}@engines.example", "emails": None}, {}),
        }
        return drafts[type]()

    def _enrolment(self, now: float) -> Relations:
        """Give the parts of a sequence state: a sequence with two steps, and a prospect that is new to it."""
        sequence = self._row("sequence", now)
        if not self._org.store.holders("sequenceStep", "sequence", sequence):
            for _ in range(2):
                step = {"stepType": "task", "interval": 0}
                self._org.create("sequenceStep", step, {"sequence": sequence}, now=now, actor=self._actor)
        return {"prospect": self._make("prospect", now), "sequence": sequence, "mailbox": self._mailbox()}

    def _prospect(self, now: float) -> dict[str, Ref]:
        return {"prospect": self._row("prospect", now)}

    def _mailbox(self) -> Ref:
        return ("mailbox", self._org.store.ids("mailbox")[0])

    @staticmethod
    def _owner() -> Relations:
        return {"owner": _USER}


def _person(number: int) -> dict[str, Any]:
    first = f"Occasion{number}"
    return {"firstName": first, "lastName": "Lovelace", "emails": [f"{first.lower()}@engines.example"]}


def _import(number: int) -> Values:
    counts = {"dupes": 0, "failures": 0, "total": 1, "recurring": False, "dupeMethod": "skip"}
    return {"fileName": f"leads-{number}.csv", "importType": "prospectsImport", "state": "pending", **counts}

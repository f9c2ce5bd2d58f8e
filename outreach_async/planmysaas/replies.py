"""Replies: what came back from leads, and how the API classified it."""

from __future__ import annotations

import collections.abc as abc
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..protocol.omission import LEFT_OUT
from ..protocol.query import wire_value
from .caller import Caller, key_of
from .queries import Plan, Query
from .record import Record

if TYPE_CHECKING:
    from .campaigns import Campaign

# Open: the vendor may add to it, and what it adds is passed on.
Classification: TypeAlias = (
    Literal[
        "interested",
        "meeting_request",
        "objection",
        "not_interested",
        "unsubscribe_request",
        "out_of_office",
        "auto_reply",
        "wrong_person",
        "referral",
        "question",
        "other",
    ]
    | str
)


class Reply(Record):
    """One inbound reply. Only `classification` is documented; the other names follow the list's filters."""

    id: str | None = None
    campaign_id: str | None = None
    classification: Classification | None = None
    needs_action: bool | None = None


class Replies:
    """`pms.replies`: list only. Needs the scope `replies:read` (PlanMySaaS, API reference)."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def where(self, *, campaign: Campaign | str = LEFT_OUT, needs_action: bool = LEFT_OUT) -> Query[Reply]:
        """List the replies that match every filter given; none lists all. Makes no call by itself.

        Only `needs_action=True` is documented; False is sent as `needsAction=false`.
        """
        return Query(self._caller, Reply, Plan("/replies", "replies:read", tuple(_filters(campaign, needs_action))))


def _filters(campaign: object, needs_action: object) -> abc.Iterator[tuple[str, str]]:
    if campaign is not LEFT_OUT:
        yield "campaignId", key_of("campaign", campaign)
    if needs_action is not LEFT_OUT:
        yield "needsAction", wire_value(bool(needs_action))

"""A class for every event PlanMySaaS sends, in families: leads, sends, replies, and touches of other channels.

The vendor does not document the fields of its payloads, so properties look in every likely place and are empty where
nothing is told; `data` is the payload as it came.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from .errors import MalformedDelivery
from .events import Event
from .instants import instant
from .planmysaas_payload import Document, event_id, event_time, payload, record_id, text

if TYPE_CHECKING:
    from outreach_async.planmysaas.client import PlanMySaaS
    from outreach_async.planmysaas.leads import Lead

__all__ = [
    "ApiChange",
    "ChannelTouchEvent",
    "ChannelTouchQueued",
    "ChannelTouchSent",
    "LeadBounced",
    "LeadCompleted",
    "LeadCreated",
    "LeadEvent",
    "LeadReplied",
    "LeadUnsubscribed",
    "PlanMySaaSEvent",
    "ReplyClassified",
    "ReplyEvent",
    "ReplyReceived",
    "SendEvent",
    "SendFailed",
    "SendSent",
]


class PlanMySaaSEvent(Event):
    """An event of PlanMySaaS."""

    provider = "planmysaas"
    record: ClassVar[str] = ""

    @property
    def data(self) -> Document:
        """What the event carries: the envelope's `data`, or the whole body where there is no envelope."""
        return payload(self.document)

    @property
    def id(self) -> str:
        """The event's id, constant over all tries; empty where neither header nor body tells one.

        The header is not signed: `key` is the text to rely on.
        """
        return self.delivery.header("x-pms-event-id") or event_id(self.document)

    @property
    def delivery_attempt(self) -> int:
        """Which try of PlanMySaaS this was: 1 for the first. The header that tells it is not signed."""
        told = self.delivery.header("x-pms-attempt")
        return int(told) if told.isdecimal() and len(told) < 10 else 1

    @property
    def occurred_at(self) -> dt.datetime | None:
        """The time the body tells for the event, in its zone or else in UTC; None where it tells none."""
        return instant(event_time(self.document))

    @property
    def record_id(self) -> str:
        """The id of the record the event is about, a lead or a reply for instance; empty where it is not told."""
        return record_id(self.document, self.record, own=True) if self.record else ""

    @property
    def lead_id(self) -> str:
        """The lead it concerns; empty where it is not told, as for a reply that matches no lead."""
        return record_id(self.document, "lead", own=self.record == "lead")

    @property
    def campaign_id(self) -> str:
        """The campaign it concerns; empty where it is not told."""
        return record_id(self.document, "campaign", own=False)


class LeadEvent(PlanMySaaSEvent):
    """Something happened to a lead."""

    record = "lead"

    async def fetch(self, api: PlanMySaaS) -> Lead:
        """Read the lead as it is now. Raises NotFound, or MalformedDelivery where the payload tells no lead."""
        if not self.lead_id:
            raise MalformedDelivery("the payload tells no lead")
        return await api.leads.get(self.lead_id)


class LeadCreated(LeadEvent, name="lead.created"):
    """A lead was created: on the screen, through the API or by auto-discovery."""


class LeadReplied(LeadEvent, name="lead.replied"):
    """An inbound reply was matched to the lead."""


class LeadBounced(LeadEvent, name="lead.bounced"):
    """A send to the lead bounced for good."""


class LeadUnsubscribed(LeadEvent, name="lead.unsubscribed"):
    """The lead opted out, by the footer link or in a reply that was classified so."""


class LeadCompleted(LeadEvent, name="lead.completed"):
    """The lead reached the end of the sequence."""


class SendEvent(PlanMySaaSEvent):
    """Something happened to a send."""

    record = "send"


class SendSent(SendEvent, name="send.sent"):
    """The mail left the SMTP server."""


class SendFailed(SendEvent, name="send.failed"):
    """The mail could not be sent, after retries."""


class ReplyEvent(PlanMySaaSEvent):
    """Something happened to an inbound reply."""

    record = "reply"

    @property
    def classification(self) -> str:
        """What the classifier made of it, `interested` for instance: an open list. Empty where it is not told."""
        return text(self.document, "classification")


class ReplyReceived(ReplyEvent, name="reply.received"):
    """A reply came in, matched to a lead or not."""


class ReplyClassified(ReplyEvent, name="reply.classified"):
    """The classifier finished with a reply."""


class ChannelTouchEvent(PlanMySaaSEvent):
    """Something happened to a touch on LinkedIn or Twitter, which a person carries out."""

    record = "channelTouch"

    @property
    def channel(self) -> str:
        """The channel, where the payload tells it; else an empty text."""
        return text(self.document, "channel")


class ChannelTouchQueued(ChannelTouchEvent, name="channel_touch.queued"):
    """A touch waits for somebody to paste it."""


class ChannelTouchSent(ChannelTouchEvent, name="channel_touch.sent"):
    """Somebody marked the touch as sent."""


class ApiChange(PlanMySaaSEvent, name="system.api_change"):
    """The API's change log. Reserved: PlanMySaaS names this event and does not send it yet."""

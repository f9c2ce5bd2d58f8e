"""How the simulated vendors deliver webhooks where the documents leave it open, and how often a delivery goes wrong.

The defaults are the likeliest readings, and nothing goes wrong by itself. A part of the `Switches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .switch_values import Factor, Share
from .switch_values import switch as _switch


@dataclass(frozen=True, slots=True)
class WebhookSwitches:
    """What payloads look like, what counts as a failure, and the shares of deliveries that are spoiled."""

    webhook_waits: Factor = _switch(
        1.0, "what waits between tries and suspensions are multiplied by: 0.001 makes of two hours seven seconds"
    )
    webhook_parallel: int = _switch(8, "deliveries that each vendor has under way at once; 1 keeps their order")
    webhook_timeout: Literal["retried", "final"] = _switch(
        "retried", "whether Outreach tries again when no answer came within 5 seconds"
    )
    webhook_private: Literal["delivered", "suspended"] = _switch(
        "delivered", "whether Outreach suspends a webhook whose host has a private address, as documented"
    )
    webhook_deactivation: Literal["disabled", "inactive"] = _switch(
        "disabled", "whether a webhook switched off for good is only disabled, or `active` turns false too"
    )
    webhook_wildcard: Literal["every", "listed"] = _switch(
        "every", "what `*` of the resource `*` delivers: every action, or created, updated and destroyed"
    )
    webhook_hidden: bool = _switch(
        default=True, about="whether payloads leave out a prospect's emails, tags and phones, as was reported"
    )
    webhook_relationships: Literal["flat", "linked"] = _switch(
        "flat", "how payloads write relationships: as seen in the wild, or as JSON:API does"
    )
    webhook_media_type: Literal["json_api", "json"] = _switch("json_api", "the Content-Type of Outreach's deliveries")
    webhook_request_id: bool = _switch(
        default=True, about="whether every delivery carries Outreach-Webhook-ID, as those of an app's lifecycle do"
    )
    webhook_job_id: bool = _switch(default=True, about="whether payloads tell `meta.jobId`")
    webhook_delivered_at: Literal["kept", "renewed"] = _switch(
        "kept", "whether `meta.deliveredAt` stays the same over the tries of one delivery"
    )
    pms_envelope: Literal["full", "bare", "flat"] = _switch(
        "full", "PlanMySaaS's body: `data` with name, id and time; with the name only; or no envelope around the row"
    )
    webhook_drop: Share = _switch(0.0, "the share of deliveries that are never sent")
    webhook_duplicate: Share = _switch(0.0, "the share that are sent twice")
    webhook_reorder: Share = _switch(0.0, "the share that are overtaken by what is made within the next second")
    webhook_delay: Share = _switch(0.0, "the share that are sent half a minute late")
    webhook_corrupt: Share = _switch(0.0, "the share whose body arrives changed, under the signature of the true one")
    webhook_forge: Share = _switch(0.0, "the share that are followed by a forgery")

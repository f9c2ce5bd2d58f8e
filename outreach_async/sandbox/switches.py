"""Every point on which the public documents are silent or disagree, as one named switch with its reading.

The defaults are the likeliest readings. Nothing here acts: the simulated servers read these values. Texts such as
`rotation=keep` are parsed here, and an unknown name or value is refused with what would have been taken.
"""

from __future__ import annotations

import collections.abc as abc
import difflib
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal, get_type_hints

from ..protocol.errors import ConfigurationError
from .switch_values import Rate, accepted, converted, written
from .switch_values import switch as _switch
from .webhook_switches import WebhookSwitches

__all__ = ["Described", "Rate", "Switches", "describe", "parse"]


@dataclass(frozen=True, slots=True)
class Described:
    """One switch for a listing: its name, the values it takes, its default and what it decides."""

    name: str
    values: str
    default: str
    about: str


_Cursor = Literal[
    "nextCursor",
    "next_cursor",
    "cursor",
    "meta.nextCursor",
    "meta.next_cursor",
    "meta.cursor",
    "page.nextCursor",
    "page.next_cursor",
    "page.cursor",
    "pagination.nextCursor",
    "pagination.next_cursor",
    "pagination.cursor",
]


@dataclass(frozen=True, slots=True)
class Switches(WebhookSwitches):
    """How the simulated services behave where the documents leave it open. Times are in seconds."""

    # Outreach: tokens
    rotation: Literal["revoke_immediately", "revoke_on_first_use", "keep"] = _switch(
        "revoke_on_first_use", "when the old refresh token dies: at the refresh, at the new token's first use, never"
    )
    mint_throttle: float = _switch(60.0, "seconds between two token grants of one user and app; 0 is no throttle")
    old_access: Literal["lives", "dies"] = _switch(
        "lives", "whether the old access token dies together with the old refresh token"
    )
    s2s_throttle: float = _switch(0.0, "seconds between two token grants of one installation; 0 is no throttle")
    access_lifetime: float = _switch(7200.0, "seconds a user's access token lives")
    refresh_lifetime: float = _switch(1_209_600.0, "seconds a refresh token lives")
    refresh_tokens: int = _switch(100, "live refresh tokens of one user and app; one more evicts the oldest")
    code_lifetime: float = _switch(600.0, "seconds an authorisation code may be exchanged")
    install_lifetime: float = _switch(3600.0, "seconds an installation's access token lives")
    setup_lifetime: float = _switch(900.0, "seconds an install setup token may be exchanged")
    authorize: Literal["auto", "page"] = _switch(
        "auto", "the authorise page sends the browser back at once, or shows a button first"
    )
    pkce: Literal["ignored", "checked"] = _switch(
        "ignored", "whether a code that was asked for with a PKCE challenge needs its verifier"
    )
    token_type: Literal["bearer", "Bearer"] = _switch("Bearer", "how the token endpoint writes token_type")
    token_error: Literal["400", "401"] = _switch("400", "status of a refused grant")
    expired_token: Literal["gateway", "json_api"] = _switch(
        "gateway", "shape of the 401 for a token that is expired or revoked"
    )
    assertion_lifetime: float = _switch(3600.0, "seconds an app token may be made to live, from iat to exp")
    locked_org: Literal["403", "401", "404", "422"] = _switch(
        "403", "status of the token call for an installation whose org is locked or deleted"
    )
    # Outreach: quotas
    quota: Rate = _switch(Rate(10_000, 3600.0), "requests a user has per window, as limit/seconds")
    window: Literal["fixed", "sliding"] = _switch("fixed", "whether the quota's window is fixed or slides")
    window_start: Literal["first", "aligned"] = _switch(
        "first", "a fixed window begins at the first request, or at full multiples of its length"
    )
    s2s_subject: Literal["install", "app", "org"] = _switch("install", "what an installation's requests count against")
    kaia_rate: Rate = _switch(Rate(3, 1.0), "requests for Kaia recordings an organisation has per second")
    kaia_daily: Rate = _switch(Rate(6000, 86_400.0), "requests for Kaia recordings an organisation has per day")
    rate_headers: Literal["every", "limited", "never"] = _switch(
        "every", "which answers carry X-RateLimit headers: every one, only a 429, none"
    )
    reset_format: Literal["epoch", "delta", "iso", "http_date"] = _switch(
        "epoch", "how X-RateLimit-Reset is written, and Retry-After, its alias"
    )
    merged_headers: bool = _switch(default=False, about="X-RateLimit-Remaining carries two limiters: `9999, 19988`")
    # Outreach: documents
    content_type_on_get: Literal["required", "optional"] = _switch(
        "optional", "whether a GET without the JSON:API Content-Type is refused with 415"
    )
    default_paging: Literal["cursor", "offset"] = _switch("cursor", "the paging of a list that asked for neither")
    count_default: bool = _switch(default=False, about="whether a list that did not ask is counted")
    id_form: Literal["integer", "string"] = _switch("integer", "how ids are written in answers")
    links_when_empty: Literal["absent", "present"] = _switch(
        "absent", "whether the answer of an empty list has `links`"
    )
    link_brackets: Literal["encoded", "raw"] = _switch(
        "encoded", "whether the brackets in the links of a page are percent-encoded"
    )
    to_one_links: bool = _switch(default=False, about="whether a to-one relationship carries `links.related` too")
    sparse_relationships: Literal["named", "all"] = _switch(
        "named", "whether `fields[type]` leaves out relationships it does not name, or only attributes"
    )
    contact_histogram: Literal["on_request", "always"] = _switch(
        "on_request", "when a prospect carries contactHistogram: when `fields[prospect]` names it, or always"
    )
    page_over_limit: Literal["refused", "clamped"] = _switch(
        "refused", "whether a page size above 1,000 is a 400 or counts as 1,000"
    )
    count_off: Literal["missing", "null"] = _switch("missing", "how `meta.count` is written when nobody asked for it")
    count_truncated: bool = _switch(default=False, about="counting under load: `count` 0 and `count_truncated` true")
    unsorted_rows: bool = _switch(default=False, about="the rows of a page come out of order, as was seen in the wild")
    upper_bound_ignored: bool = _switch(default=False, about="the upper end of a filter's range is not applied")
    sort_by_id: Literal["accepted", "refused"] = _switch(
        "accepted", "whether `sort=id` works, though `id` is not an attribute"
    )
    # Outreach: writes
    string_ids: Literal["accepted", "refused"] = _switch(
        "accepted", "whether a relationship may be written with its id as a text of digits"
    )
    noop_patch: Literal["accepted", "refused"] = _switch(
        "accepted", "whether a PATCH of a prospect that changes nothing is a 422 validationDuplicateValueError"
    )
    experimental_routes: bool = _switch(
        default=True, about="routes only one published schema lists: PATCH of calls and mailings, lock and unlock"
    )
    webhook_https: Literal["required", "optional"] = _switch(
        "required", "whether a webhook's url has to be https, as documented"
    )
    # Outreach: what happens by itself
    new_state: Literal["pending", "active"] = _switch("pending", "the state a new sequenceState is created in")
    activation_delay: float = _switch(60.0, "seconds until a pending sequenceState turns active")
    delivery_delay: float = _switch(60.0, "seconds until a mailing scheduled without a time is delivered")
    job_delay: float = _switch(5.0, "seconds each stage of a batch, an import or a compliance request takes")
    # PlanMySaaS
    pms_minute: int = _switch(600, "calls a workspace has per sliding minute; 0 is no limit")
    pms_hour: int = _switch(0, "calls a workspace has per sliding hour; 0 is no limit")
    pms_day: int = _switch(0, "calls a workspace has per sliding day; 0 is no limit")
    pms_headers: Literal["limited", "every"] = _switch(
        "limited", "which PlanMySaaS answers carry X-RateLimit headers: only a 429, or every one"
    )
    pms_cursor: _Cursor = _switch("nextCursor", "where PlanMySaaS puts the next page's cursor")
    pms_last_cursor: Literal["null", "absent"] = _switch("null", "how the last page writes its cursor")
    pms_wrapper: Literal["data", "bare"] = _switch(
        "data", "whether one lead stands under `data` or is the whole answer"
    )
    pms_error: Literal["text", "object"] = _switch("text", "whether the `error` field is a string or an object")

    def with_values(self, values: abc.Mapping[str, object]) -> Switches:
        """Give a copy with these switches set; texts are parsed. Raises ConfigurationError for what is unknown."""
        changes: dict[str, Any] = {name: _read(name, value) for name, value in values.items()}
        return replace(self, **changes)

    def as_texts(self) -> dict[str, str]:
        """Give every switch as the text that sets it."""
        return {name: written(getattr(self, name)) for name in _types()}


def parse(settings: abc.Iterable[str]) -> dict[str, str]:
    """Split `name=value` texts, as the command line has them. Raises ConfigurationError for one without `=`."""
    values: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigurationError(f"{setting!r} is not a switch.", hint="Write it as name=value.")
        values[name.strip()] = value.strip()
    return values


def describe() -> tuple[Described, ...]:
    """List every switch in the order of the class, those of webhooks last."""
    of_webhooks = {item.name for item in fields(WebhookSwitches)}
    return tuple(
        Described(item.name, accepted(_types()[item.name]), written(item.default), item.metadata["about"])
        for item in sorted(fields(Switches), key=lambda item: item.name in of_webhooks)
    )


@cache
def _types() -> dict[str, Any]:
    hints = get_type_hints(Switches)
    return {item.name: hints[item.name] for item in fields(Switches)}


def _read(name: str, value: object) -> object:
    kind = _types().get(name)
    if kind is None:
        near = difflib.get_close_matches(name, _types(), n=1)
        hint = f"Did you mean {near[0]}?" if near else "`outreach-async sandbox --switches` lists them."
        raise ConfigurationError(f"there is no switch {name!r}.", hint=hint)
    try:
        return converted(kind, value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{name}={value!s} is not possible.", hint=f"It takes {accepted(kind)}.") from None

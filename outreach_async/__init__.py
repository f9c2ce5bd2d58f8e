"""The asyncio SDK for the Outreach API v2 and the PlanMySaaS Outreach API v1.

Names are loaded when first touched (PEP 562): importing this package imports nothing but `importlib`.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .engine.clock import Clock as Clock
    from .engine.credentials import ApiKey as ApiKey
    from .engine.credentials import BearerToken as BearerToken
    from .engine.credentials import OAuthApp as OAuthApp
    from .engine.credentials import S2SApp as S2SApp
    from .engine.observers import LogObserver as LogObserver
    from .engine.observers import Observer as Observer
    from .engine.pipeline import CallOptions as CallOptions
    from .engine.request_pool import Outcome as Outcome
    from .engine.request_pool import RequestPool as RequestPool
    from .engine.token_stores import FileTokens as FileTokens
    from .engine.token_stores import MemoryTokens as MemoryTokens
    from .engine.token_stores import TokenStore as TokenStore
    from .engine.transport import Transport as Transport
    from .outreach.client import Outreach as Outreach
    from .outreach.record import Record as Record
    from .outreach.record import Ref as Ref
    from .outreach.resources import *  # noqa: F403
    from .planmysaas import PlanMySaaS as PlanMySaaS
    from .protocol.errors import *  # noqa: F403
    from .protocol.messages import Request as Request
    from .protocol.messages import Response as Response
    from .protocol.pace import Pace as Pace
    from .protocol.query import any_of as any_of
    from .protocol.query import before as before
    from .protocol.query import between as between
    from .protocol.query import is_empty as is_empty
    from .protocol.query import is_set as is_set
    from .protocol.query import since as since
    from .protocol.retry import RetryPolicy as RetryPolicy

_NAMES = {
    "engine.clock": "Clock",
    "engine.credentials": "ApiKey BearerToken OAuthApp S2SApp",
    "engine.observers": "LogObserver Observer",
    "engine.pipeline": "CallOptions",
    "engine.request_pool": "Outcome RequestPool",
    "engine.token_stores": "FileTokens MemoryTokens TokenStore",
    "engine.transport": "Transport",
    "outreach.client": "Outreach",
    "outreach.record": "Record Ref",
    "planmysaas": "PlanMySaaS",
    "protocol.errors": (
        "AssertionRefused BadRequest ConfigurationError Conflict ConnectionFailed CredentialError DriftError"
        " EmailExcluded EmailTaken ErrorObject Forbidden InvalidResponse NotFound NothingChanged OutcomeUnknown"
        " OutreachError PlanRequired QuotaExhausted ServerFault SignInRequired StatusError TimedOut TooManyRequests"
        " TransportError Unauthorized Unprocessable UnsupportedMediaType"
    ),
    "protocol.messages": "Request Response",
    "protocol.query": "any_of before between is_empty is_set since",
    "protocol.pace": "Pace",
    "protocol.retry": "RetryPolicy",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> "Any":
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What is no name of ours may be a resource class: outreach_async.Prospect.
    module = importlib.import_module("." + _MODULES.get(name, "outreach.resources"), __name__)
    try:
        value = getattr(module, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    resources = importlib.import_module(".outreach.resources", __name__)
    return sorted({*globals(), *_MODULES, *(name for _, name in resources.TYPES.values())})

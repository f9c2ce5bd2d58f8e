"""What a call has to bring before anything is done: the media type, and the scopes."""

from __future__ import annotations

from ..protocol.messages import JSON_API
from .calls import Call
from .catalogue import Action, ResourceType
from .refusals import missing_scope, wrong_media_type
from .switches import Switches

_LEVELS = {"GET": "read", "POST": "write", "PATCH": "write", "DELETE": "delete"}


def check_media_type(call: Call, switches: Switches) -> None:
    """Refuse a body that is not JSON:API, and, by the switch, a call without a body that does not say JSON:API."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON_API and (call.body or switches.content_type_on_get == "required"):
        raise wrong_media_type()


def check_scopes(kind: ResourceType, call: Call, action: Action | None = None) -> None:
    """Refuse a token without the scope of the route, or one of those that an action needs besides."""
    # Written here once more, apart from the client's own reading: a simulator must not share its subject's mistakes.
    granted = call.actor.scopes if call.actor else frozenset[str]()
    if granted is None:
        return
    for needed in (f"{kind.scope}.{_LEVELS[call.method]}", *(action.scopes if action else ())):
        if needed not in granted and f"{needed.partition('.')[0]}.all" not in granted:
            raise missing_scope(needed)

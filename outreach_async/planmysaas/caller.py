"""How the collections make a call, and how an answer's JSON is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from ..engine import caller
from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.messages import JSON, Request
from ..protocol.urls import identifier
from .record import OnDrift

API_ROOT = "/api/v1/outreach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(caller.Caller):
    """Builds and sends the calls of one client, and opens their answers."""

    root: ClassVar[str] = API_ROOT
    media_type: ClassVar[str] = JSON

    on_drift: OnDrift = "keep"

    async def read(self, request: Request) -> Any:
        """Send a request and give its answer's JSON. Raises InvalidResponse where that is not JSON."""
        response = await self.send(request)
        try:
            return msgspec.json.decode(response.body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InvalidResponse(
                f"the answer is not JSON: {error}",
                hint="A gateway may have answered in the API's place.",
                request=request,
            ) from error


def member(answer: object) -> object:
    """Give the row of an answer that holds one, whether or not it is wrapped in `data`: which is not documented."""
    if isinstance(answer, dict) and "data" in answer and "id" not in answer:
        return answer["data"]
    return answer


def text(name: str, value: object) -> str:
    """Give a text argument. Raises ConfigurationError for an empty one, which the API may read as not given."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} needs a text, not {value!r}", hint="Leave the argument out to not send it.")
    return value


def key_of(name: str, value: object) -> str:
    """Give the id that a record or a bare id stands for. Raises ConfigurationError where it is none."""
    found = identifier(value)
    if not found:
        raise ConfigurationError(f"{name} needs a record or its id, not {value!r}")
    return found

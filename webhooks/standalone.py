"""Verifying and parsing without an application: for those with a framework, a queue or a function of their own.

Each vendor's module gives these its own names: `verify`, `parse`, `unwrap`, `sign`. They raise where the receiver
answers with values. Storing and de-duplicating are then the caller's: `event.delivery.keys` says what names a copy.
"""

from __future__ import annotations

import collections.abc as abc
import time

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.signature import Body, Refused, Scheme, Secrets, SecretText
from outreach_async.protocol.signature import sign as sign_body
from outreach_async.protocol.signature import verify as verify_body

from .errors import SignatureError, TooLarge
from .events import Event
from .events import parse as parse_delivery
from .receiver import delivery_of, fields_of
from .sources import RawHeaders, SecretTexts, Source


def verify_as(scheme: Scheme, headers: RawHeaders, body: Body, secret: SecretTexts, max_body: int) -> str:
    """Give the name of the secret that signed the raw body of at most `max_body` bytes.

    Raises SignatureError or TooLarge.
    """
    if secret is None:
        raise ConfigurationError("there is no secret to verify with", hint="Is the variable set?")
    if len(body) > max_body:
        raise TooLarge(max_body)
    values = [value for name, value in fields_of(headers) if name == scheme.header]
    answer = verify_body(body, values, Secrets(secret), scheme)
    if isinstance(answer, Refused):
        raise SignatureError(answer.reason)
    return answer.secret


def parse_as(source: Source, headers: RawHeaders, body: Body) -> Event:
    """Give the typed event of a body. Raises MalformedDelivery."""
    return parse_delivery(delivery_of(source, fields_of(headers), bytes(body), time.time()))


def signed_headers(scheme: Scheme, body: Body, secret: SecretText, more: abc.Mapping[str, str]) -> dict[str, str]:
    """Give the headers of a delivery, its signature among them, in the vendor's own spelling."""
    return {**more, scheme.header.title().replace("Pms", "PMS"): sign_body(body, secret, scheme)}

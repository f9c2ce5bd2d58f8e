"""One received delivery as a value: who sent it, what it tells, how a copy of it is known, and its raw body.

Decides nothing. The receiver makes these values, an inbox keeps them, the worker reads them back. Knows no vendor,
no database and no handler.

What an inbox does with `keys` and `watch`, in the transaction that stores the delivery:

1. A text of `keys` that is on file, and nearer in time than that key's own `horizon`, makes the delivery a
   *duplicate*. It is not stored, and it is answered 200 once the first copy is committed. Those of its `keys` that are
   not on file yet are put there for the first copy: a copy may be known by a key that soon lapses, and must not become
   new then.
2. Otherwise each text of `watch` that is on file, and nearer than its own `horizon`, adds its `flag` to the flags
   stored with the delivery.
3. A delivery whose `sent` is before that of an earlier one of its resource is stored with the flag `late`.
4. Then the texts of `keys` and of `watch` are put on file with the time of receipt. A text already on file is kept
   once, with the newer time, unless that is further ahead than a horizon.

Both kinds of text share one name space, and the name of the source is in each of them: the watched digest of one
delivery is the decisive digest of another. Texts are ASCII, at most `TEXT_LIMIT` characters.
"""

from __future__ import annotations

from typing import Self

import msgspec

HORIZON = 72 * 3600.0
"""How long a known key makes a delivery a duplicate, in seconds; PlanMySaaS retries for 2 h 35 min."""

SOFT_HORIZON = 10.0
"""The same for a body that differs only in its time of delivery: Outreach's four tries take some three seconds."""

TEXT_LIMIT = 200
"""Characters in an event name, in a resource and in the text of a key."""


# Structs, not dataclasses: a frozen dataclass of this size takes five times as long to make, and each delivery is one.
# They cannot be part of a cycle, so the garbage collector need not walk through all that wait to be handled.
class Key(msgspec.Struct, frozen=True, gc=False):
    """A text that names this delivery. A delivery with a known key is a duplicate for `horizon` seconds."""

    text: str
    horizon: float = HORIZON


class Watch(msgspec.Struct, frozen=True, gc=False):
    """A text that makes the delivery remarkable, and no duplicate, when it is known: it is stored with `flag`."""

    text: str
    flag: str
    horizon: float = HORIZON


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One verified delivery, ready to be stored.

    `source` is the configured name of the sender, `provider` the dialect it speaks: `outreach`,
    `outreach-lifecycle` or `planmysaas`. `event` is the name the body tells (`prospect.created`), or the header's
    where the body is silent; empty when neither tells one. `resource` orders the work (`prospect/12`): deliveries of
    one source and one resource are handled in the order received, and those without one in any order.
    `received_at` is in Unix seconds. `body` is as received; `headers` lack signatures, tokens and other secrets, and
    their names are lower case. `secret` names the secret that verified, empty for an unsigned source.
    `sent` is the time its body tells, in its own words, empty where it tells none; it is not kept on file.
    `unreadable` says why no handler can be given this delivery: it is stored, answered 200 and dead-lettered with
    that reason. `body` and `headers` stay out of the repr, since they hold people's data.
    """

    source: str
    provider: str
    event: str
    resource: str
    received_at: float
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    keys: tuple[Key, ...] = ()
    watch: tuple[Watch, ...] = ()
    flags: tuple[str, ...] = ()
    secret: str = ""
    sent: str = ""
    unreadable: str = ""

    def __repr__(self) -> str:
        return f"<Delivery {self.source} {self.event or '?'} {self.resource or '-'}, {len(self.body)} bytes>"

    def flagged(self, flags: tuple[str, ...]) -> Self:
        """Give this delivery with these flags in place of its own."""
        return msgspec.structs.replace(self, flags=flags)

    def header(self, name: str) -> str:
        """Give the first value of a header that was kept, by its lower-case name; empty when there is none."""
        return next((value for field, value in self.headers if field == name), "")

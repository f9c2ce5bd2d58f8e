"""What an inbox can refuse, below the one tree of errors of this project.

OutreachError
  InboxError
    InboxFull            at its bound of unfinished events
    InboxUnavailable     the store fails: disk full, input or output error, closed
    InboxHeld            another process holds it
    ClaimLost            the claim is over, or was given to another worker
"""

from __future__ import annotations

from outreach_async.protocol.errors import OutreachError


class InboxError(OutreachError):
    """Base of what an inbox refuses. A delivery that met one is not stored: do not answer it 2xx."""


class InboxFull(InboxError):
    """`depth` events are unfinished, and the inbox takes no more until some are."""

    def __init__(self, depth: int) -> None:
        super().__init__(
            f"the inbox is full: {depth:,} events wait to be handled",
            hint="Look why handlers fall behind, or raise the inbox's depth.",
        )
        self.depth = depth


class InboxUnavailable(InboxError):
    """The store failed. It is tried again with every call, and recovers by itself when it can."""


class InboxClosed(InboxUnavailable):
    """The inbox is not open. Unlike a failing store, that does not pass by itself."""

    def __init__(self) -> None:
        super().__init__("the inbox is closed", hint="Open it first, and use it before it is closed.")


class InboxHeld(InboxError):
    """Another process holds the inbox. `pid` is its process id, None where it could not be learnt.

    `parent` is the process that would start it again, where there is one: to set the inbox free, stop that. `admin` is
    the address of its admin interface, where it tells one. Nothing says that it is still there, nor that it is the
    holder who answers.
    """

    def __init__(
        self, path: str, *, pid: int | None, waited: float, admin: str = "", parent: int | None = None
    ) -> None:
        stop = f"Stop process {parent}" if parent else "Stop that process"
        super().__init__(
            f"{path} is held by {holder_named(pid, parent)}" + (f" (waited {waited:g} s)" if waited else ""),
            hint=f"{stop}, or give this one another file.",
        )
        self.pid = pid
        self.parent = parent
        self.admin = admin


def holder_named(pid: int | None, parent: int | None) -> str:
    """Say who holds an inbox, as far as that is known."""
    holder = f"process {pid}" if pid else "another process"
    return f"{holder}, a generation of process {parent}" if parent else holder


class ClaimLost(InboxError):
    """The claim is over already: ended, given back, or the inbox was closed and opened again since."""

    def __init__(self, id: int) -> None:
        super().__init__(f"event {id} is no longer lent to this worker")

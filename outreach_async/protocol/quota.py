"""The state machine behind `X-RateLimit-*`: whether a call may go now, and if not, when.

Two rules: never more calls than the server grants, and never idle while it grants some.

What is left is known only from answers, and answers come late and out of order. So the machine believes the *lowest*
`Remaining` told for the present window, takes off every call in flight or lost (the answer may not have counted it),
and ignores answers of an older window. While it knows nothing (at first, after the reset, after a 429) exactly one
call, the probe, goes ahead and everybody waits for its headers.

    asking --headers--> told --reset passes--> asking        asking --2xx without headers--> untold (free flow)
       ^------429------- told, untold                        untold --headers--> told

The windows of a server that tells no headers are learned from its refusals (PlanMySaaS, `X-RateLimit-Window`).
Unix seconds come in as `now`. Who waits, and in which order, is the pacer's business.
"""

from __future__ import annotations

import collections.abc as abc
import math
from typing import Literal

from .pace import Kind, Pace, QuotaView
from .quota_headers import HeaderReader, Reading, Sighting, asked_wait, calls_left, margin, named_window
from .windows import MOMENT, LearnedWindows, Window

__all__ = ["Pace", "Quota", "QuotaView", "Window"]

SHUT = -math.inf
"""The `until` of a quota that has to be asked about every call."""
_UNLIMITED = 1 << 60
_CATCH_UP = 0.05
"""Seconds an even pace may run late and make up for: timers are coarser than the pace of a large quota."""
_SHORTEST = 1.0
"""Seconds waited at least after a 429, and believed at least of a reset that lies in the past."""
_FIRST_BACKOFF, _LAST_BACKOFF = 1.0, 60.0
"""Seconds after a 429 that says no time, doubled each time the next probe is refused too."""


class Quota:
    """One subject's quota, learned from the headers of its answers.

    Every call that was spent is ended by exactly one of `observe`, `settle` and `refund`.

    `credit` is how many calls may go before anything else has to be known, and `until` the time up to which that
    holds. Up to then, a caller in a hurry may move a call from `credit` to `in_flight` itself in place of `wait` and
    `spend`.
    """

    def __init__(self, subject: str, pace: Pace | None = None) -> None:
        self.subject = subject
        self.credit = 0
        self.until = SHUT
        self.in_flight = 0
        self._pace = pace or Pace()
        self._reserve = self._pace.reserve
        self._reader = HeaderReader()
        self._phase: Literal["asking", "told", "untold"] = "asking"
        self._stragglers = 0  # calls in flight since before the asking began; one more may be: the probe
        self._lost = 0  # calls without an answer; the server may have counted them since the answer believed
        self._until_found = 0  # answers to come until one must be to a call that left after the last loss
        self._not_before = -math.inf  # after a 429
        self._refusals = 0  # in a row, without a time told
        self._wary = False  # one window, from the next answer on, is to be spent evenly
        self._even_until = -math.inf
        self._longest = 0.0  # seconds to a reset, as told
        self._even = self._pace.kind == "even"
        self._limit: int | None = None
        self._usual: Reading | None = None
        self._seen = Sighting()  # the window believed in, on the server's clock
        self._resets_at = math.inf  # its end on ours, and not before it is over there
        self._next_at = -math.inf
        self._learned = LearnedWindows(subject)

    def wait(self, now: float) -> float:
        """Give the seconds until time alone lets a call go: 0 for now, infinity when only an answer can."""
        self._pass_time(now)
        if self._phase == "asking":
            wait = self._not_before - now
            if wait <= MOMENT and self.in_flight > self._stragglers:
                return math.inf
        elif self.credit <= 0:
            wait = self._resets_at - now
        else:
            wait = self._next_at - now if self._even else 0.0
        if self._learned:
            wait = max(wait, self._learned.wait(now))
        return wait if wait > MOMENT else 0.0

    def least_wait(self, now: float) -> float:
        """Give the part of the wait that no answer to a call in flight can shorten."""
        wait = self.wait(now)
        all_in_flight = self._phase == "told" and self.credit <= 0 < self.credit + self.in_flight + self._lost
        return 0.0 if math.isinf(wait) or all_in_flight else wait

    def spend(self, now: float) -> None:
        """Count a call that leaves now; `wait` gave 0."""
        if self._even and self._phase == "told":
            interval = (self._resets_at - now) / max(1, self.credit)
            self._next_at = max(self._next_at, now - _CATCH_UP) + interval
        self.in_flight += 1
        self.credit -= 1
        self._learned.spend(now)

    def refund(self) -> None:
        """Take back a call that never left."""
        self.in_flight -= 1
        self.credit += 1
        self._stragglers = min(self._stragglers, self.in_flight)
        self._learned.refund()

    def settle(self, now: float) -> None:
        """End a call whose answer never came, or told nothing: the server may have counted it, so it stays spent.

        A probe that ends so hands its place to the next call.
        """
        self.lose()
        self._learned.settle(now)

    def lose(self) -> None:
        """Do what `settle` does, where `until` is not SHUT: then there is nothing else to tell."""
        self.in_flight -= 1
        if self._stragglers:
            self._stragglers -= 1
        if self._phase != "untold":
            self._lost += 1
            self._until_found = self.in_flight + 1

    def observe(self, now: float, status: int, headers: abc.Mapping[str, str]) -> None:
        """End a call with its answer, and learn from its headers."""
        reading, left = self._reader.read(headers), calls_left(headers)
        if reading is self._usual and left is not None and status != 429 and now < self.until and not self._lost:
            # The usual answer: the present window, and no news but the count.
            held = min(self.credit + self.in_flight, left - self._reserve)
            self.in_flight -= 1
            self.credit = held - self.in_flight
            return
        self._pass_time(now)
        if status == 429:
            self._refuse(now, headers, reading)
        elif left is None:
            self.settle(now)
            if self._phase == "asking" and 200 <= status < 300 and now >= self._not_before - MOMENT:
                self._flow_freely()
        else:
            self._believe(now, reading, left)

    def view(self, now: float) -> QuotaView:
        """Give what is believed now as a value."""
        self._pass_time(now)
        remaining, resets_at = (0, self._not_before) if now < self._not_before else (None, None)
        if self._phase == "told":
            remaining, resets_at = max(0, self.credit + self._reserve), self._resets_at
        kind: Kind = "even" if self._even else "burst"
        return QuotaView(self.subject, self._limit, remaining, resets_at, self.in_flight, kind, now)

    def _pass_time(self, now: float) -> None:
        if self._phase != "told":
            return
        only_lost = self.credit <= 0 < self.credit + self._lost and not self.in_flight
        # What lost calls hold may never have been spent, and no answer is on its way that could tell.
        if now >= self._resets_at - MOMENT or only_lost:
            self._ask()

    def _ask(self, not_before: float = -math.inf) -> None:
        self._phase = "asking"
        self._stragglers = self.in_flight
        self._not_before = not_before
        self.until = SHUT

    def _flow_freely(self) -> None:
        self._phase = "untold"
        self.credit = _UNLIMITED
        self._refusals = 0
        self.until, self._usual = SHUT if self._learned else math.inf, None

    def _end(self) -> None:
        self.in_flight -= 1
        if self._stragglers:
            self._stragglers -= 1

    def _believe(self, now: float, reading: Reading, left: int) -> None:
        """End a call with an answer that says how many are left."""
        held, fresh = self.credit + self.in_flight + self._lost, not self._stragglers
        self._end()
        self._learned.settle(now)
        if self._phase == "told":
            self._merge(now, reading, left, held)
        elif fresh or self._seen.is_before(reading, now):
            self._adopt(now, reading, left)

    def _find_lost(self) -> None:
        """Count an answer that is believed: one to a call that left after the last loss knows of all the losses."""
        self._until_found -= 1
        if self._until_found <= 0:
            self._lost = 0

    def _adopt(self, now: float, reading: Reading, left: int) -> None:
        """Believe an answer of a window not known yet."""
        wait = reading.wait(now) or _SHORTEST
        self._phase = "told"
        self._limit = reading.limit if reading.limit is not None else self._limit
        self._seen = Sighting(reading.reset(now), wait, reading.dated)
        self._resets_at = now + wait + margin(wait)
        self._not_before, self._refusals, self._next_at = -math.inf, 0, now
        self._longest = max(self._longest, wait)
        if self._wary:
            # A sliding window tells the reset of its oldest call, which is soon, so the longest one told is meant.
            self._wary, self._even_until = False, now + self._longest
        self._even = self._pace.kind == "even" or now < self._even_until
        self._find_lost()
        self.credit = left - self._reserve - self.in_flight - self._lost
        self._open(reading)

    def _merge(self, now: float, reading: Reading, left: int, held: int) -> None:
        """Believe the lower of what was known and what an answer says; `held` counts this call as still to come."""
        if self._seen.is_before(reading, now):
            self._adopt(now, reading, left)
        elif self._seen.is_after(reading, now):
            self.credit = held - self.in_flight - self._lost
        else:
            self._find_lost()
            self.credit = min(held, left - self._reserve) - self.in_flight - self._lost
            # Each reading errs to the late side: a Date is cut to seconds, and the answer took its time.
            wait = reading.wait(now)
            if reading.dated and wait > 0:
                self._resets_at = min(self._resets_at, now + wait + margin(self._seen.span))
            self._open(reading)

    def _open(self, reading: Reading) -> None:
        """Say up to when credit may be taken without asking, and which answers will bring no news but the count."""
        self.until = SHUT if self._even or self._learned else self._resets_at
        self._usual = reading if reading.steady else None

    def _refuse(self, now: float, headers: abc.Mapping[str, str], reading: Reading) -> None:
        """Take a 429: nobody goes before the time it says, then one call asks again."""
        stale = self._is_stale_refusal(now, reading)
        self._end()
        self._learned.refund()
        if stale:
            self.credit += 1
            return
        wait = asked_wait(now, headers, reading)
        if wait is None and now >= self._not_before - MOMENT:
            wait = min(_FIRST_BACKOFF * 2**self._refusals, _LAST_BACKOFF)
            self._refusals = min(self._refusals + 1, 10)
        self._learned.learn(now, named_window(headers), reading.limit, self.in_flight, wait)
        self._wary = self._wary or self._phase != "asking"
        if reading.dated and self._seen.is_before(reading, now):
            self._seen = Sighting(reading.reset(now), reading.wait(now), dated=True)
        pause = 0.0 if wait is None else max(wait, _SHORTEST)
        self._ask(max(self._not_before, now + pause + margin(pause)))

    def _is_stale_refusal(self, now: float, reading: Reading) -> bool:
        """Tell whether a 429 speaks of a window that is over, or repeats what an earlier one said."""
        if not reading.dated:
            return False
        if self._phase == "asking":
            return self._stragglers > 0 and not self._seen.is_before(reading, now)
        return self._seen.is_after(reading, now)

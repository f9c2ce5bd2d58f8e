"""What a token is, how long it serves, and when the next one may be asked for.

Times are Unix seconds by the caller's clock. How a token is obtained is in `grants` and `assertion`, how several are
written down is in `token_records`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from .redaction import Secret

# One grant per user and app in this many seconds; faster is answered 429 (Outreach, getting started).
GRANT_INTERVAL = 60.0

# A clock this far ahead of ours did not write a time that is worth waiting for.
_CREDIBLE_LEAD = 60.0

# The last seconds of a token's life are not used: a request needs time to arrive.
_UNUSED_END = 30.0
_EARLY = 300.0
_SPREAD = 300.0


@dataclass(frozen=True, slots=True)
class Token:
    """A granted token, and what has to be remembered about getting the next one.

    `refresh` is None where the next token is not got by refreshing. `scopes` is None where the grant did not say.
    `granted_at` is when the last grant arrived; `asked_at`, when later, says that one was asked for since and its
    answer never came. `generation` grows with every grant, so that an old result cannot replace a newer one. `seed`
    is the digest of the refresh token from the settings that began this line of tokens. `org_id` is told by
    server-to-server grants.
    """

    access: Secret
    refresh: Secret | None
    expires_at: float
    scopes: frozenset[str] | None
    granted_at: float
    seed: str = field(default="", repr=False)
    org_id: str = ""
    asked_at: float = 0.0
    generation: int = 0

    @property
    def authorization(self) -> str:
        """The value of the `Authorization` header."""
        return f"Bearer {self.access.reveal()}"

    def live(self, now: float) -> bool:
        """Tell whether the token may still be sent."""
        return bool(self.access) and now < self.unusable_at

    @property
    def unusable_at(self) -> float:
        """When to stop sending it: half a minute before it expires, or a tenth of a short life."""
        return self.expires_at - min(_UNUSED_END, 0.1 * self._life)

    def renew_at(self, jitter: float) -> float:
        """When to begin getting the next one: five to ten minutes before expiry, spread by `jitter` in [0, 1).

        A short life gives up at most three tenths of itself.
        """
        return self.expires_at - min(_EARLY, 0.2 * self._life) - jitter * min(_SPREAD, 0.1 * self._life)

    @property
    def _life(self) -> float:
        return max(0.0, self.expires_at - self.granted_at)


def grant_allowed_at(token: Token, now: float, interval: float = GRANT_INTERVAL) -> float:
    """Give when the next grant may be asked for: `interval` seconds after the last was given, or asked for in vain.

    A time far in the future was written by a wrong clock, and is not waited for.
    """
    last = max(token.granted_at, token.asked_at)
    return now if last > now + _CREDIBLE_LEAD else last + interval


def digest(secret: str) -> str:
    """Give a text that tells two secrets apart and reveals neither."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def seeded(stored: Token | None, seed: Secret | None) -> Token | None:
    """Give what counts: the stored token, or the line begun by a refresh token from the settings.

    A seed that did not begin the stored line replaces it; the times of its last grant stay, since the limit is per
    user and app.
    """
    if not seed:
        return stored
    mark = digest(seed.reveal())
    if stored is None:
        return Token(Secret(""), seed, 0.0, None, 0.0, seed=mark)
    if stored.seed == mark:
        return stored
    return replace(stored, access=Secret(""), refresh=seed, expires_at=0.0, scopes=None, seed=mark,
                   generation=stored.generation + 1)  # fmt: skip

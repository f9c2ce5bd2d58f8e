"""HTML made safely: whatever is put into a template is escaped, unless this module made it.

Also the few pieces that every page is built of. Knows how things look, and no inbox.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import hashlib
import html
from string import Template

from .console_access import PATH
from .console_style import ICON, STYLE
from .shown_text import instant

SECURITY_HEADERS = {
    # `img-src` is for the icon; there is no script, no frame and nothing foreign.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# A new style has a new address, so a browser may keep the old one for good.
STYLE_VERSION = hashlib.sha256((STYLE + ICON).encode()).hexdigest()[:12]

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
$refresh<title>$title</title>
<link rel="icon" href="$path/icon.svg?$version" type="image/svg+xml">
<link rel="stylesheet" href="$path/style.css?$version">
</head>
<body>
$head<main>
$content
</main>
</body>
</html>
""")


class Safe(str):
    """A text that is HTML already."""

    __slots__ = ()


def fill(template: str, /, **values: object) -> Safe:
    """Fill `$name` places of a template of our own with values; all but `Safe` ones are escaped."""
    return Safe(Template(template).substitute({name: escaped(value) for name, value in values.items()}))


def escaped(value: object) -> Safe:
    """Give a value as HTML: nothing for None, the text of anything else."""
    if isinstance(value, Safe):
        return value
    return Safe("" if value is None else html.escape(str(value)))


def joined(pieces: abc.Iterable[Safe]) -> Safe:
    """Put pieces one after the other."""
    return Safe("\n".join(pieces))


def page(title: str, content: Safe, *, head: Safe = Safe(""), refresh: int = 0) -> bytes:  # noqa: B008
    """Give a whole page. With `refresh` it is loaded again after so many seconds."""
    again = fill('<meta http-equiv="refresh" content="$seconds">\n', seconds=refresh) if refresh else Safe("")
    text = _PAGE.substitute(
        title=html.escape(title),
        content=content,
        head=head,
        refresh=again,
        version=STYLE_VERSION,
        path=PATH,
    )
    return text.encode("utf-8", "replace")


_MARKS = {"pending": "◦", "running": "▸", "retrying": "↻", "retry": "↻", "done": "✓", "dead": "✕"}


def badge(state: str) -> Safe:
    """Give a state as a mark and a word: colour alone tells nothing to some."""
    shown = state if state in _MARKS else "other"
    text = '<span class="state $shown"><span aria-hidden="true">$mark</span> $state</span>'
    return fill(text, shown=shown, mark=_MARKS.get(state, "•"), state=state)


def moment(at: float | None, now: float, *, precise: bool = False) -> Safe:
    """Give a time in UTC, and how long ago it was; a dash for none."""
    told = instant(at)
    if at is None or told is None:
        return Safe('<span class="quiet">–</span>')  # noqa: RUF001
    when = dt.datetime.fromtimestamp(at, dt.UTC)
    if precise:
        text = when.strftime("%-d %b %Y %H:%M:%S.") + f"{when.microsecond // 1000:03d} UTC"
    elif when.date() == dt.datetime.fromtimestamp(now, dt.UTC).date():
        text = when.strftime("%H:%M:%S")
    else:
        text = when.strftime("%-d %b %H:%M")
    since = now - at
    ago = f"{rough(since)} ago" if since >= 0 else f"in {rough(-since)}"
    template = '<time datetime="$told" title="$told">$text</time> <span class="quiet ago">$ago</span>'
    return fill(template, told=told, text=text, ago=ago)


def duration(seconds: float) -> str:
    """Give a length of time in its two largest units, or in milliseconds where it is short."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def rough(seconds: float) -> str:
    """Give a length of time in its largest unit."""
    for unit, length in (("days", 172_800), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // (86_400 if unit == 'days' else length))} {unit}"
    return f"{int(seconds)} s"


def size(count: int) -> str:
    """Give a number of bytes as people say it."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MiB"

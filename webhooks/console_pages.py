"""What the operator's pages say: one function per page, from plain values to HTML. Asks nothing of the inbox."""

from __future__ import annotations

import collections.abc as abc
from typing import Any
from urllib.parse import urlencode

from .console_access import PATH
from .console_frame import notice, proof_field, redeliver_form
from .console_html import Safe, badge, duration, fill, joined, moment
from .inbox import Gap, Listing, Summary
from .operations import STATES
from .shown_text import instant, line
from .statistics import TIMES

REFRESH = 5
"""Seconds between two loads of a page that follows what happens."""

_CAUSES = {
    "stopped": "no receiver ran",
    "store": "the store failed",
    "full": "the inbox was full",
}


def overview(
    stats: abc.Mapping[str, Any], found: abc.Sequence[Summary], asked: Listing, now: float, *, live: bool
) -> Safe:
    """Give the first page: how it stands, and the last events."""
    chosen = _chosen(asked)
    return joined(
        (
            _standing(stats),
            _tiles(stats),
            Safe("<h2>Last events</h2>"),
            _filter(asked, live=live),
            _rows(found, now, "Nothing has come that this list asks for."),
            _steps(found, asked, chosen),
            _counters(stats),
        )
    )


def dead_letters(found: abc.Sequence[Summary], dead: int, asked: Listing, now: float, proof: str) -> Safe:
    """Give the events that were given up, each with a button that has it worked on again."""
    everything = fill(
        '<details class="all"><summary>Redeliver all…</summary><form method="post" action="$path/redeliver">$proof'
        '<input type="hidden" name="all" value="1"><button class="main">Yes, redeliver $all</button>'
        '<p class="quiet">Their handlers run again: those that gave up, not those that were done.</p></form></details>',
        path=PATH,
        proof=proof_field(proof),
        all=f"all {dead:,} dead letters" if dead != 1 else "the one dead letter",
    )
    parts = (
        fill("<h1>Dead letters</h1>"),
        everything if dead else Safe(""),
        _rows(found, now, "No event was given up.", proof=proof, back="/dead"),
        _steps(found, asked, {}, place="/dead"),
    )
    return joined(parts)


def gaps(found: abc.Sequence[Gap], now: float) -> Safe:
    """Give the spans in which deliveries may have been lost."""
    rows = (
        fill(
            '<li><span class="mark">$state</span><span class="event">$cause</span>'
            '<span class="where quiet">$length</span><span class="when">$start</span>$detail</li>',
            state=Safe('<span class="state done">✓ repaired</span>')
            if gap.repaired_at is not None
            else Safe('<span class="state retrying">◦ open</span>'),
            cause=_CAUSES.get(gap.cause, gap.cause),
            length=duration(max(0.0, gap.end - gap.start)),
            start=moment(gap.start, now),
            detail=fill('<p class="why">$text</p>', text=line(gap.detail)) if gap.detail else "",
        )
        for gap in found
    )
    listed = (
        Safe(f'<ul class="rows">{joined(rows)}</ul>') if found else _nothing("Nobody was away. Nothing is missing.")
    )
    about = "<p>While these lasted, deliveries may have been lost. Outreach does not send them again.</p>"
    return joined((Safe("<h1>Gaps</h1>"), Safe(about), listed))


def _standing(stats: abc.Mapping[str, Any]) -> Safe:
    problems = [line(str(problem)) for problem in stats.get("problems") or ()]
    if problems:
        return notice(f"Not ready: {'; '.join(problems)}", "bad")
    return Safe("")


def _tiles(stats: abc.Mapping[str, Any]) -> Safe:
    depth, retrying, dead = (int(stats.get(name) or 0) for name in ("depth", "retrying", "dead"))
    oldest = stats.get("oldest_seconds")
    minute = Safe(" <small>/ min</small>")
    tiles = (
        ("Received", fill("$n$per", n=_number(stats.get("received_per_minute")), per=minute), ""),
        ("Handled", fill("$n$per", n=_number(stats.get("handled_per_minute")), per=minute), ""),
        ("Unfinished", _number(depth), ""),
        ("Oldest of them", "–" if oldest is None else duration(oldest), "warm" if (oldest or 0) > 300 else ""),  # noqa: RUF001
        ("Retrying", _number(retrying), "warm" if retrying else ""),
        ("Dead letters", _number(dead), "bad" if dead else ""),
    )
    drawn = (
        fill('<div class="tile $kind"><dt>$name</dt><dd>$value</dd></div>', name=name, value=value, kind=kind)
        for name, value, kind in tiles
    )
    return Safe(f'<dl class="tiles">{joined(drawn)}</dl>')


def _filter(asked: Listing, *, live: bool) -> Safe:
    options = (
        fill(
            '<option value="$value"$on>$name</option>',
            value=state,
            name=state or "any",
            on=Safe(" selected") if state == (asked.state or "") else "",
        )
        for state in ("", *STATES)
    )
    fields = (
        fill(
            '<label>$label <input name="$name" value="$value" maxlength="200" autocapitalize="off"></label>',
            label=name.capitalize(),
            name=name,
            value=line(value),
        )
        for name, value in (("event", asked.event), ("resource", asked.resource), ("source", asked.source))
    )
    chosen = _chosen(asked)
    query = {**chosen, **({} if live else {"refresh": str(REFRESH)})}
    return fill(
        '<div class="tools"><details$open><summary>Filter</summary><form class="filter" method="get" action="$path">'
        '<label>State <select name="state">$options</select></label>$fields<button>Show</button></form></details>'
        '<a class="also" href="$href">$follow</a></div>',
        open=Safe(" open") if chosen else "",
        path=PATH,
        options=joined(options),
        fields=joined(fields),
        href=_href("", query),
        follow="Stop following" if live else f"Follow every {REFRESH} s",
    )


def _rows(found: abc.Sequence[Summary], now: float, nothing: str, *, proof: str = "", back: str = "") -> Safe:
    if not found:
        return _nothing(nothing)
    rows = (
        fill(
            '<li><span class="mark">$state</span><span class="event"><a href="$href">$event</a> $flags</span>'
            '<span class="where">$resource <span class="quiet">$source</span></span>'
            '<span class="when">$when</span>$why$form</li>',
            state=badge(each.state),
            href=f"{PATH}/events/{each.id}",
            event=line(each.event) or "(no name)",
            flags=flags(each.flags),
            resource=line(each.resource),
            source=line(each.source),
            when=moment(each.received_at, now),
            why=fill('<p class="why">$reason</p>', reason=line(each.reason)) if each.reason else "",
            form=redeliver_form(each.id, proof, back) if proof else "",
        )
        for each in found
    )
    return Safe(f'<ul class="rows{" buttons" if proof else ""}">{joined(rows)}</ul>')


def flags(texts: abc.Iterable[str]) -> Safe:
    """Give what was remarkable about a delivery."""
    return joined(fill('<span class="flag">$text</span>', text=line(text)) for text in texts)


def _steps(found: abc.Sequence[Summary], asked: Listing, chosen: dict[str, str], place: str = "") -> Safe:
    newest = fill('<a href="$href">← Newest</a>', href=_href(place, chosen)) if asked.before is not None else Safe("")
    older = Safe("")
    if found and len(found) == asked.limit:
        older = fill('<a href="$href">Older →</a>', href=_href(place, {**chosen, "before": str(found[-1].id)}))
    return fill('<div class="steps"><span>$newest</span><span>$older</span></div>', newest=newest, older=older)


def _counters(stats: abc.Mapping[str, Any]) -> Safe:
    """Give everything the receiver counts, folded away."""
    rows = []
    for name, value in stats.items():
        if isinstance(value, abc.Mapping):
            shown = joined(fill("$name: $n<br>", name=line(str(key)), n=_number(n)) for key, n in value.items())
        elif isinstance(value, list | tuple):
            shown = fill("$text", text="; ".join(line(str(item)) for item in value) or "none")
        else:
            shown = fill("$value", value=(instant(value) if name in TIMES else None) or _number(value))
        rows.append(fill("<dt>$name</dt><dd>$value</dd>", name=line(str(name)).replace("_", " "), value=shown))
    if not rows:
        return Safe("")
    return Safe(f'<details><summary>All counters</summary><dl class="facts panel">{joined(rows)}</dl></details>')


def _number(value: object) -> str:
    match value:
        case None:
            return "–"  # noqa: RUF001
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"
        case _:
            return line(str(value))


def _chosen(asked: Listing) -> dict[str, str]:
    told = {"state": asked.state or "", "event": asked.event, "resource": asked.resource, "source": asked.source}
    return {name: value for name, value in told.items() if value}


def _href(place: str, query: abc.Mapping[str, str]) -> str:
    text = urlencode(query, errors="replace")
    return f"{PATH}{place}?{text}" if text else PATH + place


def _nothing(text: str) -> Safe:
    return fill('<p class="nothing">$text</p>', text=text)

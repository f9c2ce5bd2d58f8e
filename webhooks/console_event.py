"""The page of one event: what it is, what became of it, every failed run, and what was received."""

from __future__ import annotations

import collections.abc as abc

from . import shown_text
from .console_access import PATH
from .console_frame import redeliver_form
from .console_html import Safe, badge, duration, fill, joined, moment, size
from .console_pages import flags
from .inbox import Entry, Settlement
from .shown_text import line


def event(entry: Entry, now: float, proof: str) -> Safe:
    """Give the page of one event."""
    delivery = entry.delivery
    finished = entry.state in ("done", "dead")
    parts = (
        fill('<p class="crumb"><a href="$path">← Events</a></p>', path=PATH),
        fill("<h1>$name $state</h1>", name=line(delivery.event) or "(no name)", state=badge(entry.state)),
        _facts(entry, now),
        fill('<div class="actions">$form</div>', form=redeliver_form(entry.id, proof, f"/events/{entry.id}", main=True))
        if finished
        else Safe(""),
        Safe("<h2>Handlers</h2>"),
        joined(_handler(told, now) for told in entry.work) if entry.work else _no_handler(entry),
        _failures(entry.failures, now),
        Safe("<h2>Headers</h2>"),
        _headers(delivery.headers),
        Safe("<h2>Body</h2>"),
        _body(delivery.body),
    )
    return joined(parts)


def _facts(entry: Entry, now: float) -> Safe:
    delivery = entry.delivery
    signed = line(delivery.secret) if delivery.secret else "no secret"
    facts: list[tuple[str, object]] = [
        ("Event", f"No. {entry.id}"),
        ("Resource", line(delivery.resource) or "none"),
        ("Source", f"{line(delivery.source)}, verified by {signed}"),
        ("Received", moment(delivery.received_at, now, precise=True)),
    ]
    if delivery.flags:
        facts.append(("Remarkable", flags(delivery.flags)))
    if delivery.unreadable:
        facts.append(("Unreadable", line(delivery.unreadable)))
    rows = (fill("<dt>$name</dt><dd>$value</dd>", name=name, value=value) for name, value in facts)
    return Safe(f'<dl class="facts panel">{joined(rows)}</dl>')


def _no_handler(entry: Entry) -> Safe:
    return _none(f"{entry.reason.capitalize()}." if entry.reason else "No handler has ended yet.")


def _handler(told: Settlement, now: float) -> Safe:
    again = told.outcome == "retry" and told.retry_at
    return fill(
        '<div class="panel"><div class="row"><h3 class="mono">$name</h3>$state<span class="last quiet">$run</span>'
        "</div>$reason$next</div>",
        name=line(told.handler) or "the event as a whole",
        state=badge(told.outcome),
        run=_run(told),
        reason=fill("<p>$text</p>", text=line(told.reason)) if told.reason else "",
        next=fill('<p class="quiet">Tried again at $when</p>', when=moment(told.retry_at, now)) if again else "",
    )


def _run(told: Settlement) -> str:
    took = f" took {duration(told.seconds)}" if told.seconds > 0 else ""
    if told.attempt == 0:
        return "not run"
    if told.attempt == 1:
        return f"1 try{took and ','}{took}"
    return f"{told.attempt} tries" + (f", the last{took}" if took else "")


def _failures(failures: abc.Sequence[Settlement], now: float) -> Safe:
    if not failures:
        return Safe("")
    return joined((Safe("<h2>Failed runs</h2>"), *(_failure(told, now) for told in reversed(failures))))


def _failure(told: Settlement, now: float) -> Safe:
    text = shown_text.lines(told.traceback)
    return fill(
        '<div class="panel"><div class="row"><h3 class="mono">$name</h3>'
        '<span class="quiet">$run$took</span><span class="last">$when</span></div>'
        "<p>$reason</p>$traceback</div>",
        name=line(told.handler) or "the event as a whole",
        run=f"try {told.attempt}" if told.attempt else "not run",
        took=f", after {duration(told.seconds)}" if told.seconds > 0 else "",
        when=moment(told.at, now),
        reason=line(told.reason),
        traceback=fill("<details><summary>Traceback</summary><pre>$text</pre></details>", text=text) if text else "",
    )


def _headers(headers: abc.Sequence[tuple[str, str]]) -> Safe:
    if not headers:
        return _none("None were kept.")
    rows = (fill("<dt>$name</dt><dd>$value</dd>", name=line(name), value=line(value)) for name, value in headers)
    return Safe(f'<dl class="facts panel mono">{joined(rows)}</dl>')


def _body(raw: bytes) -> Safe:
    shown = shown_text.body(raw)
    about = [size(shown.size)]
    if shown.masked:
        about.append("what looks like a secret is masked")
    if shown.cut:
        about.append("only its beginning is shown")
    first = shown.laid_out or shown.received
    received: Safe = Safe("")
    if shown.laid_out and shown.received:
        text = "<details><summary>As received</summary><pre>$text</pre></details>"
        received = fill(text, text=shown.received)
    about_line = fill('<p class="quiet">$about</p>', about="; ".join(about))
    return joined((about_line, fill("<pre>$text</pre>", text=first), received))


def _none(text: str) -> Safe:
    return fill('<p class="quiet">$text</p>', text=text)

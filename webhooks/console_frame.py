"""What stands around the operator's pages, and the forms they share: the bar, the door, notices, one button."""

from __future__ import annotations

from .console_access import PATH
from .console_html import Safe, fill, joined


def head(current: str, dead: int, proof: str) -> Safe:
    """Give the bar above every page, with the number of dead letters."""
    count = fill(' <span class="count">$n</span>', n=f"{dead:,}") if dead else Safe("")
    places = (("", "Events", Safe("")), ("/dead", "Dead letters", count), ("/gaps", "Gaps", Safe("")))
    links = (
        fill(
            '<a href="$href"$here>$name$more</a>',
            href=PATH + place,
            here=Safe(' aria-current="page"') if place == current else "",
            name=name,
            more=more,
        )
        for place, name, more in places
    )
    return fill(
        '<header><div class="bar"><a class="name" href="$path">Webhooks</a><nav>$links</nav>'
        '<form method="post" action="$path/logout">$proof<button class="plain">Sign out</button></form>'
        "</div></header>\n",
        path=PATH,
        links=joined(links),
        proof=proof_field(proof),
    )


def sign_in(proof: str, onward: str, told: str) -> Safe:
    """Give the form that asks for the token."""
    return fill(
        '<div class="door"><form class="panel" method="post" action="$path/login"><h1>Webhooks</h1>'
        '<p class="quiet">What came in, and what became of it.</p>$told$proof'
        '<input type="hidden" name="onward" value="$onward">'
        '<input name="username" autocomplete="username" value="console" hidden>'
        '<label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label>'
        '<button class="main">Sign in</button></form></div>',
        path=PATH,
        told=fill('<p class="told bad" role="alert">$told</p>', told=told) if told else "",
        proof=proof_field(proof),
        onward=onward,
    )


def problem(title: str, told: str) -> Safe:
    """Give a page that says what went wrong and what to do."""
    return fill('<h1>$title</h1><p class="told bad" role="alert">$told</p>', title=title, told=told)


def notice(text: str, kind: str = "good") -> Safe:
    """Give a line that tells what was just done."""
    return fill('<p class="told $kind" role="status">$text</p>', kind=kind, text=text)


def redeliver_form(id: int, proof: str, back: str, *, main: bool = False) -> Safe:
    """Give the button that has one event worked on again."""
    return fill(
        '<form method="post" action="$path/redeliver">$proof<input type="hidden" name="id" value="$id">'
        '<input type="hidden" name="back" value="$back"><button$kind>Redeliver</button></form>',
        path=PATH,
        proof=proof_field(proof),
        id=id,
        back=back,
        kind=Safe(' class="main"') if main else "",
    )


def proof_field(proof: str) -> Safe:
    """Give the field by which a form of ours is known."""
    return fill('<input type="hidden" name="proof" value="$proof">', proof=proof)

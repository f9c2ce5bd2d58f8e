"""Which handlers an event goes to, what registration refuses, and what runs around a handler."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pytest

from outreach_async.protocol.errors import ConfigurationError
from tests.webhooks.serving import ROOT
from webhooks.delivery import Delivery
from webhooks.events import Event, UnknownEvent, parse
from webhooks.middleware import Proceed
from webhooks.outreach import MailingBounced, OutreachEvent, ProspectCreated, ProspectEvent
from webhooks.planmysaas import LeadBounced, ReplyEvent
from webhooks.routing import Router

P = TypeVar("P", bound=ProspectEvent)
N = TypeVar("N", ProspectCreated, LeadBounced)
X = TypeVar("X")


def stored(event: str, provider: str = "outreach", source: str = "", **more: Any) -> Delivery:
    body = b'{"data":{"id":1}}'
    return Delivery(
        source=source or provider, provider=provider, event=event, resource="", received_at=0, body=body, **more
    )


def handlers(router: Router, *deliveries: Delivery) -> list[tuple[str, ...]]:
    table = router.table()
    return [tuple(route.name for route in table.matching(delivery)) for delivery in deliveries]


def listening(*wanted: Any, **terms: Any) -> Router:
    router = Router()

    @router.on(*wanted, **{"name": "here", **terms})
    async def here(event: Any) -> None: ...

    return router


CREATED = stored("prospect.created")
UNKNOWN = stored("prospect.merged")
REPLY = stored("reply.received", "planmysaas")
BOUNCED = stored("lead.bounced", "planmysaas", "pms-eu")
EVERYTHING = (CREATED, UNKNOWN, REPLY, BOUNCED)


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ((ProspectCreated,), "1000"),
        ((ProspectEvent,), "1000"),
        ((OutreachEvent,), "1000"),
        ((UnknownEvent,), "0100"),
        ((Event,), "1111"),
        ((ReplyEvent,), "0010"),
        ((ProspectCreated, LeadBounced), "1001"),
        ((MailingBounced, LeadBounced), "0001"),
        (("*",), "1111"),
        (("prospect.*",), "1100"),
        (("prospect.created",), "1000"),
        (("*.created",), "1000"),
        (("prospect",), "0000"),
        (("planmysaas:*",), "0011"),
        (("planmysaas:reply.*",), "0010"),
        (("outreach:reply.*",), "0000"),
        (("pms-eu:lead.*",), "0001"),
        (("PROSPECT.*",), "0000"),
    ],
)
def test_what_goes_where(wanted: Any, reached: str) -> None:
    router = listening(*wanted)
    assert handlers(router, *EVERYTHING) == [("here",) if hit == "1" else () for hit in reached]


def test_what_cannot_be_read_goes_nowhere() -> None:
    assert handlers(listening("*"), stored("prospect.created", unreadable="why")) == [()]


def test_an_event_without_a_name_goes_to_those_who_take_everything() -> None:
    assert handlers(listening("*"), stored("")) == [("here",)]
    assert handlers(listening("prospect.*"), stored("")) == [()]


def test_handlers_come_in_the_order_of_registration_included_ones_in_their_place() -> None:
    router, child, grandchild = Router(), Router(), Router()
    for name, owner in (("a", router), ("c", child)):
        owner.on("*", name=name)(_noop)
    router.include(child)
    child.include(grandchild)
    router.on("*", name="e")(_noop)
    child.on("*", name="d")(_noop)
    grandchild.on("*", name="late")(_noop)
    assert handlers(router, CREATED) == [("a", "c", "late", "d", "e")]


async def _noop(event: Event) -> None: ...


def test_a_table_is_frozen_and_finds_by_name() -> None:
    router = listening("*")
    table = router.table()
    router.on("*", name="later")(_noop)
    assert [route.name for route in table.routes] == ["here"]
    assert table.named("here") is table.routes[0]
    assert table.named("later") is None
    assert table.matching(CREATED) is table.matching(CREATED)


def test_what_is_remembered_of_foreign_names_is_bounded() -> None:
    table = listening("*").table()
    for number in range(5000):
        assert len(table.matching(stored(f"x.{number}"))) == 1
    assert len(table._matched) == 4096


def test_terms_are_kept_and_have_defaults() -> None:
    plain = listening("*").table().routes[0]
    assert (plain.retries, plain.timeout, plain.ordered) == (5, 60.0, True)
    told = listening("*", retries=0, timeout=0.5, ordered=False).table().routes[0]
    assert (told.retries, told.timeout, told.ordered) == (0, 0.5, False)


def test_names_default_to_where_the_handler_stands() -> None:
    router = Router()

    @router.on(ProspectCreated)
    async def welcome(event: ProspectCreated) -> None: ...

    class Sender:
        async def send(self, event: Event) -> None: ...

        async def __call__(self, event: Event) -> None: ...

    router.on("*")(Sender().send)
    router.on("*")(Sender())
    here = f"{__name__}:test_names_default_to_where_the_handler_stands.<locals>"
    assert [r.name for r in router.table().routes] == [f"{here}.welcome", f"{here}.Sender.send", f"{here}.Sender"]


PROGRAM = """
import functools
from webhooks import Event, MemoryInbox, OutreachSource, Webhooks

hooks = Webhooks(OutreachSource("one"), inbox=MemoryInbox())

def traced(handler):
    @functools.wraps(handler)
    async def wrapper(event):
        await handler(event)
    return wrapper

@hooks.on("*")
@traced
async def welcome(event: Event) -> None: ...

class Sender:
    async def __call__(self, event: Event) -> None: ...

hooks.on("*")(Sender())
print(*(route.name for route in hooks.table().routes))
"""


def names_of(folder: Path, *arguments: str, given: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[0].split()


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (["receiver.py"], "receiver"),
        (["-m", "receiver"], "receiver"),
        (["-c", "import receiver"], "receiver"),
        (["pkg/inner.py"], "inner"),
        (["-m", "pkg.inner"], "pkg.inner"),
        (["-m", "pkg"], "pkg.__main__"),
        (["pkg"], "__main__"),
        (["-m", "cProfile", "receiver.py"], "receiver"),
        (["-c", PROGRAM], "__main__"),
        (["-"], "__main__"),
    ],
    ids=lambda given: " ".join(given).partition("\n")[0] if isinstance(given, list) else given,
)
def test_a_program_is_named_as_the_module_it_would_be(arguments: list[str], module: str, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    for name in ("receiver.py", "pkg/__init__.py", "pkg/inner.py", "pkg/__main__.py"):
        (tmp_path / name).write_text("" if "init" in name else PROGRAM)
    given = PROGRAM if arguments == ["-"] else ""
    assert names_of(tmp_path, *arguments, given=given) == [f"{module}:welcome", f"{module}:Sender"]


def test_decorating_gives_the_handler_back() -> None:
    assert Router().on("*")(_noop) is _noop


@pytest.mark.parametrize(
    "wanted",
    [
        (),
        ("a b",),
        ("",),
        ("a:b:c",),
        ("a", "b"),
        (ProspectCreated, "x"),
        (3,),
        (int,),
        (ProspectCreated(CREATED, {}),),
    ],
    ids=repr,
)
def test_what_on_cannot_take(wanted: Any) -> None:
    with pytest.raises(ConfigurationError, match="pattern"):
        Router().on(*wanted)


@pytest.mark.parametrize(
    "terms", [{"retries": -1}, {"retries": 1.5}, {"timeout": 0}, {"timeout": float("inf")}, {"timeout": float("nan")}]
)
def test_terms_that_cannot_work(terms: Any) -> None:
    with pytest.raises(ConfigurationError, match="is no number of"):
        Router().on("*", **terms)
    with pytest.raises(TypeError):
        Router().on("*", attempts=3)  # type: ignore[call-overload]


def test_names_are_taken_once() -> None:
    router = listening("*")
    with pytest.raises(ConfigurationError, match="already"):
        router.on("*", name="here")(_noop)
    other = listening("*")
    router.include(other)
    with pytest.raises(ConfigurationError, match="two handlers"):
        router.table()
    for name in ("x" * 201, "a\nb"):
        with pytest.raises(ConfigurationError, match="cannot name"):
            Router().on("*", name=name)(_noop)
    with pytest.raises(ConfigurationError, match="no name of its own"):
        Router().on("*")(functools.partial(_noop))


def test_a_router_cannot_include_itself() -> None:
    router, child = Router(), Router()
    child.include(Router())
    router.include(child)
    for wrong in (lambda: router.include(router), lambda: child.include(router)):
        with pytest.raises(ConfigurationError, match="itself"):
            wrong()


async def _any(event: Any) -> None: ...
async def _bare(event) -> None: ...  # type: ignore[no-untyped-def]
async def _object(event: object) -> None: ...
async def _union(event: ProspectCreated | LeadBounced) -> None: ...
async def _family(event: ProspectEvent) -> None: ...
async def _other(event: LeadBounced) -> None: ...
async def _mapping(event: dict[str, Any]) -> None: ...
async def _variable(event: P) -> None: ...
async def _constrained(event: N) -> None: ...
async def _free(event: X) -> None: ...
async def _annotated(event: Annotated[ProspectEvent, "x"]) -> None: ...
async def _unresolved(event: SomewhereElse) -> None: ...  # type: ignore[name-defined]  # noqa: F821
async def _optional(event: ProspectCreated | None, more: int = 3) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [_any, _bare, _object, _union, _family, _variable, _constrained, _free, _annotated, _unresolved, _optional],
)
def test_a_handler_may_be_annotated_as_wide_as_it_likes(handler: Any) -> None:
    Router().on(ProspectCreated)(handler)
    Router().on(ProspectCreated, name="x")(functools.partial(handler))


@pytest.mark.parametrize("handler", [_other, _mapping])
def test_a_handler_annotated_for_something_else_is_refused(handler: Any) -> None:
    with pytest.raises(ConfigurationError, match="is annotated for"):
        Router().on(ProspectCreated)(handler)
    with pytest.raises(ConfigurationError, match="is annotated for"):
        Router().on(ProspectCreated, name="x")(functools.partial(handler))


@pytest.mark.parametrize("handler", [_family, _union, _other, _annotated, _variable])
def test_a_pattern_gives_any_event(handler: Any) -> None:
    with pytest.raises(ConfigurationError, match="any Event"):
        Router().on("prospect.*")(handler)


def test_annotations_that_are_objects_are_read_as_well_as_texts() -> None:
    async def handler(event: Any) -> None: ...

    for annotation, fits in ((Annotated[ProspectEvent, "x"], True), (Annotated[LeadBounced, "x"], False)):
        handler.__annotations__["event"] = annotation
        if fits:
            Router().on(ProspectCreated)(handler)
        else:
            with pytest.raises(ConfigurationError, match="annotated for LeadBounced"):
                Router().on(ProspectCreated)(handler)


def test_each_class_wanted_must_fit() -> None:
    Router().on(ProspectCreated, LeadBounced)(_union)
    with pytest.raises(ConfigurationError, match="LeadBounced"):
        Router().on(ProspectCreated, LeadBounced)(_family)  # type: ignore[arg-type]


def test_callable_objects_and_methods_are_judged_too() -> None:
    class Narrow:
        async def __call__(self, event: LeadBounced) -> None: ...

        async def method(self, event: LeadBounced) -> None: ...

    for handler in (Narrow(), Narrow().method):
        with pytest.raises(ConfigurationError, match="annotated for LeadBounced"):
            Router().on(ProspectCreated)(handler)  # type: ignore[arg-type]
        Router().on(LeadBounced)(handler)


def _plain(event: Event) -> None: ...
async def _none() -> None: ...
async def _two(event: Event, more: int) -> None: ...
async def _stream(event: Event) -> Any:
    yield event


@functools.wraps(_noop)
def _wrapping(event: Event) -> Any:
    return _noop(event)


@pytest.mark.parametrize("handler", [_plain, _none, _two, _stream, lambda event: None], ids=lambda h: h.__name__)
def test_what_cannot_be_awaited_with_one_event_is_refused(handler: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"asynchronous|cannot be called"):
        Router().on("*")(handler)


def test_a_wrapper_around_a_handler_is_one() -> None:
    Router().on("*")(_wrapping)


async def test_middleware_runs_around_every_handler_the_first_outermost() -> None:
    seen: list[str] = []
    router, child = Router(), Router()

    def telling(name: str) -> Any:
        async def middleware(event: Event, proceed: Proceed) -> None:
            seen.append(f"{name} in")
            await proceed(event)
            seen.append(f"{name} out")

        return middleware

    @child.on("*", name="inner")
    async def inner(event: Event) -> None:
        seen.append(event.name)

    router.include(child)
    router.around(telling("first"))
    router.around(telling("second"))
    child.around(telling("child"))
    router.on("*", name="outer")(inner)
    table = router.table()
    assert [route.name for route in table.routes] == ["inner", "outer"]
    await table.routes[0].run(parse(CREATED))
    assert seen == ["first in", "second in", "child in", "prospect.created", "child out", "second out", "first out"]
    seen.clear()
    await table.routes[1].run(parse(CREATED))
    assert seen == ["first in", "second in", "prospect.created", "second out", "first out"]


async def test_a_middleware_may_skip_the_handler_and_its_error_is_the_handlers() -> None:
    ran: list[str] = []
    router = Router()

    @router.around
    async def guard(event: Event, proceed: Proceed) -> None:
        if event.name == "prospect.merged":
            raise LookupError("no")

    @router.on("*")
    async def handler(event: Event) -> None:
        ran.append(event.name)

    run = router.table().routes[0].run
    await run(parse(CREATED))
    assert ran == []
    with pytest.raises(LookupError):
        await run(parse(UNKNOWN))


@pytest.mark.parametrize("middleware", [_noop, _plain, _two, lambda event, proceed: None], ids=lambda m: m.__name__)
def test_what_is_no_middleware_is_refused(middleware: Any) -> None:
    if middleware is _two:
        Router().around(middleware)
        return
    with pytest.raises(ConfigurationError, match="no middleware"):
        Router().around(middleware)

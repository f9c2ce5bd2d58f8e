"""`demo`: the SDK at work against the sandbox, served on loopback: no account, no network.

The acts are beside this page; here is what they stand on, and what is said at the end.
"""

from __future__ import annotations

from typing import Any

from ..engine.clock import SystemClock
from ..engine.request_pool import RequestPool
from ..sandbox.sandbox import Sandbox
from .demo_acts import ACTS, MINT_THROTTLE, QUOTA, Stage
from .demo_screen import screen
from .demo_tally import Tally
from .demo_webhooks import receive_everything
from .output import DONE, FAILED, Output

PROSPECTS = 6000

SWITCHES: dict[str, Any] = {
    "quota": "{}/{}".format(*QUOTA),
    "mint_throttle": MINT_THROTTLE,
    # No row changes by itself while it is copied.
    "activation_delay": 3600,
    "delivery_delay": 3600,
    "job_delay": 3600,
    # The receiver is on loopback, without TLS; PlanMySaaS's two hours between tries become half a minute.
    "webhook_https": "optional",
    "webhook_waits": 0.005,
}


async def demo(output: Output) -> int:
    """Run every act, and tell what came of it. Gives 1 when anything was refused, lost or different."""
    clock = SystemClock()
    show = screen(output.console(stderr=output.json))
    show.event(f"a sandbox with {PROSPECTS:,} prospects and all that belongs to them ...")
    sandbox = Sandbox(prospects=PROSPECTS, clock=clock, **SWITCHES)
    async with sandbox.serve() as served, RequestPool(clock=clock) as pool:
        stage = Stage(sandbox, served, pool, show, Tally(clock, show.event))
        began = clock.now()
        for act in (*ACTS, receive_everything):
            await act(stage)
        stage.summary["seconds"] = round(clock.now() - began, 2)
        _count(stage)
    _tell(output, stage)
    return FAILED if stage.problems else DONE


def _count(stage: Stage) -> None:
    """Add what the sandbox counted and the clients saw."""
    outreach, planmysaas = stage.sandbox.outreach, stage.sandbox.planmysaas
    summary, waits = stage.summary, stage.tally.waits
    limited = outreach.rate_limited + planmysaas.rate_limited
    summary |= {
        "requests": outreach.journal.requests + planmysaas.journal.requests,
        "rows_per_second": round(summary["rows"] / max(summary["copy_seconds"], 0.01)),
        "quota_waits": waits.times,
        "quota_wait_seconds": round(waits.seconds, 2),
        "rate_limited": limited,
        # Each of the two credentials needs one grant to begin with; every other one is a refresh.
        "refreshes": outreach.statistics()["tokens_minted"] - len(stage.clients),
        "recovered": stage.tally.recovered,
        "failures": stage.tally.failures,
    }
    if limited:
        stage.problems.append(f"{limited} requests were answered 429")
    summary["problems"] = stage.problems


def _tell(output: Output, stage: Stage) -> None:
    summary = stage.summary
    if not output.json:
        output.line("")
        output.table(["summary", ""], _rows(summary))
        for problem in stage.problems:
            output.note(f"wrong: {problem}")
    output.result(summary)


def _rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    failures = ", ".join(f"{count} {kind}" for kind, count in summary["failures"].items())
    differing = "as the sandbox holds them" if not summary["problems"] else "see below"
    return [
        ("rows", f"{summary['rows']:,} of {summary['types']} types, {differing}"),
        ("requests", f"{summary['requests']:,}"),
        ("seconds", f"{summary['seconds']:.1f}"),
        ("rows per second", f"{summary['rows_per_second']:,}"),
        ("waits for quota", f"{summary['quota_waits']}, {summary['quota_wait_seconds']:.1f} s in all"),
        ("rate limited (429)", str(summary["rate_limited"])),
        ("token refreshes", str(summary["refreshes"])),
        ("calls recovered", f"{summary['recovered']} ({failures or 'nothing failed'})"),
        ("webhook events", f"{summary['events']} of {summary['event_types']} types, the receiver killed meanwhile"),
        ("events handled", f"{summary['handled']}, {summary['handled_twice']} twice"),
        ("duplicates", str(summary["duplicates"])),
        ("forgeries refused", str(summary["refused"])),
        ("events lost", str(summary["lost"])),
    ]

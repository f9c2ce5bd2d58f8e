"""`hooks gaps` and `hooks repaired`: the spans in which deliveries may have been lost, and which were looked after."""

from __future__ import annotations

from typing import Any

from .hooks_reach import View, Where, reading, writing
from .output import DONE, FAILED, Output

_COLUMNS = ("id", "from", "to", "seconds", "cause", "detail", "repaired")


async def gaps(output: Output, where: Where) -> int:
    """List the gaps, the latest first."""
    async with reading(where) as inbox:
        found = await inbox.gaps()
    if output.json:
        output.result({"gaps": found, "count": len(found)})
    elif found:
        output.table(_COLUMNS, [_cells(gap) for gap in found])
    else:
        output.note("there are none")
    return DONE


def _cells(gap: View) -> list[str]:
    told: tuple[Any, ...] = (gap["start"], gap["end"], f"{gap['seconds']:,.1f}", gap["cause"], gap["detail"])
    return [str(gap["id"]), *(str(value or "-") for value in told), gap["repaired_at"] or "no"]


async def repaired(output: Output, where: Where, gap: int) -> int:
    """Note that what a gap may have lost was fetched by other means. FAILED when there is no such open gap."""
    async with writing(where) as inbox:
        done = await inbox.repaired(gap)
    if done:
        output.say(f"gap {gap} is repaired")
    else:
        output.note(f"there is no open gap {gap}: it was repaired before, or never was")
    output.result({"gap": gap, "repaired": done})
    return DONE if done else FAILED

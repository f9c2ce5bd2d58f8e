"""The operator's page in a real browser: it signs in, reads, redelivers, at a desk and on a phone, light and dark.

Needs Debian's chromium and the package playwright; without them it skips. With CONSOLE_SHOTS set to a folder, the
pages are written there as pictures, for people to look at.
"""

from __future__ import annotations

import collections.abc as abc
import os
from pathlib import Path
from typing import Any

import pytest

from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery
from tests.webhooks.on_call import TOKEN, Client, filled, served
from webhooks.memory_inbox import MemoryInbox

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 900), "phone": (390, 844)}

pytestmark = [pytest.mark.slow, pytest.mark.needs_tool(CHROMIUM)]


@pytest.fixture
async def inbox() -> abc.AsyncIterator[MemoryInbox]:
    clock = WoundClock(START + 320)
    inbox = await filled(clock)
    long = "unbroken" * 24
    headers = (("x-long", long * 5), (long, "1"))
    await inbox.put(delivery(6, event=long, resource=long, source=long[:40], flags=(long[:60],), headers=headers))
    yield inbox
    await inbox.close()


@pytest.fixture
async def client(inbox: MemoryInbox) -> abc.AsyncIterator[Client]:
    async with served(inbox, WoundClock(START + 320)) as client:
        yield client


@pytest.fixture(params=[("desk", "light"), ("phone", "dark")], ids="-".join)
async def page(request: pytest.FixtureRequest, tmp_path: Path) -> abc.AsyncIterator[Any]:
    """Give a browser's page with a profile of its own; what it complains about fails the test."""
    playwright = pytest.importorskip("playwright.async_api", reason="needs the package playwright")
    size, scheme = request.param
    width, height = SIZES[size]
    async with playwright.async_playwright() as driver:
        context = await driver.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
        )
        page = context.pages[0]
        complaints: list[str] = []
        asked: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("request", lambda sent: asked.append(sent.url))
        yield page
        await context.close()
    # The door answers 401 and 403, and the browser says so.
    assert [text for text in complaints if "status of 40" not in text] == []
    assert {url.split("/")[2].partition(":")[0] for url in asked} == {"127.0.0.1"}


async def shot(page: Any, name: str) -> None:
    """Write a picture where somebody wants to look, and see that nothing is wider than the screen."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    if folder := os.environ.get("CONSOLE_SHOTS"):
        size = page.viewport_size["width"]
        dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        await page.screenshot(path=Path(folder) / f"{size}-{'dark' if dark else 'light'}-{name}.png", full_page=True)


async def test_the_person_on_call_redelivers_a_dead_letter(page: Any, client: Client, inbox: MemoryInbox) -> None:
    base = str(client.make_url("/console"))
    await page.goto(f"{base}/dead")
    await shot(page, "door")
    await page.fill("input[name=token]", "not-the-token-at-all")
    await page.click("button.main")
    assert "not the token" in await page.inner_text("main")
    await page.fill("input[name=token]", TOKEN)
    await page.click("button.main")
    assert page.url == f"{base}/dead"
    await shot(page, "dead")
    await page.click("a:has-text('mailing.bounced')")
    await page.click("summary:has-text('Traceback')")
    assert "crm.upsert" in await page.inner_text("main")
    await shot(page, "event")
    await page.click("main button:has-text('Redeliver')")
    assert "Redelivered." in await page.inner_text("main")
    assert inbox.statistics().dead == 1
    await page.click("nav >> text=Events")
    await shot(page, "events")
    await page.click("text=Sign out")
    assert await page.locator("input[name=token]").count() == 1


async def test_all_is_redelivered_after_a_second_look(page: Any, client: Client, inbox: MemoryInbox) -> None:
    base = str(client.make_url("/console"))
    await page.goto(base)
    await page.fill("input[name=token]", TOKEN)
    await page.press("input[name=token]", "Enter")
    await page.click("summary:has-text('Filter')")
    await page.select_option("select[name=state]", "dead")
    await page.click("button:has-text('Show')")
    assert "state=dead" in page.url
    assert await page.locator(".rows > li").count() == 2
    await shot(page, "filtered")
    await page.click("nav >> text=Dead letters")
    assert not await page.is_visible("text=Yes, redeliver all 2 dead letters")
    await page.click("summary:has-text('Redeliver all')")
    await page.click("text=Yes, redeliver all 2 dead letters")
    assert "Redelivered 2 events" in await page.inner_text("main")
    assert inbox.statistics().dead == 0
    await shot(page, "none-dead")
    await page.click("text=Gaps")
    await shot(page, "gaps")
    await page.goto(f"{base}/events/6")
    await shot(page, "long")
    # No cookie of ours can be read by a script, and none could run anyway.
    assert await page.evaluate("document.cookie") == ""

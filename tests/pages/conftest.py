"""A real browser at phone size, and the bot behind a line that can be cut."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.delegate import Bot, running
from tests.pages.line import Line
from tests.pages.phone import Phone

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTH, HEIGHT, SCALE = 360, 740, 2
PATIENCE_MS = 30_000  # a busy machine is no fault
expect.set_options(timeout=PATIENCE_MS)

Phones = Callable[..., Awaitable[Phone]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of $CHROMIUM, or one on the path, on a machine with Chinese fonts. Missing: a loud skip, and
    under CI a failure."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout if found else b""
    if found and fonts:
        return found
    missing = "no Chinese fonts" if found else "no Chromium"
    remedy = f"{missing}: install chromium and fonts-noto-cjk, or name a browser in CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(remedy)
    pytest.skip(f"THE PAGES ARE NOT TESTED, {remedy}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(sqlite_url: str) -> AsyncIterator[Bot]:
    """The whole bot on the shipped event, the morning it begins."""
    async with running(sqlite_url) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def line(bot: Bot) -> AsyncIterator[Line]:
    """The network between the phones and the bot."""
    async with Line(bot.url) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def phones(browser: Browser, line: Line, request: pytest.FixtureRequest) -> AsyncIterator[Phones]:
    """Makes a new person's phone: `await phones("zh-CN", dark=True)`. None may have met a fault by the end."""
    made: list[Phone] = []
    async with AsyncExitStack() as stack:

        async def make(locale: str, *, dark: bool = False, **more: Any) -> Phone:
            context = await browser.new_context(
                **{
                    "viewport": {"width": WIDTH, "height": HEIGHT},
                    "device_scale_factor": SCALE,
                    "is_mobile": True,
                    "has_touch": True,
                    "locale": locale,
                    "color_scheme": "dark" if dark else "light",
                    "service_workers": "allow",
                }
                | more
            )
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            made.append(Phone(await context.new_page(), line))
            return made[-1]

        yield make
        assert [fault for phone in made for fault in phone.faults] == []

"""A phone in a delegate's hand: opens the page, types, taps, and keeps pictures of what it shows."""

from pathlib import Path

from playwright.async_api import ConsoleMessage, Page

from tests.pages.line import Line

SHOTS = Path(__file__).parents[1] / "shots"  # git-ignored; docs/images/ are copies of some


class Phone:
    def __init__(self, page: Page, line: Line) -> None:
        self.page = page
        self.line = line
        self.faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.log = page.get_by_role("log")
        self.said = self.log.locator(".mine")
        self.answers = self.log.locator(".bot")
        self.answer = self.answers.last
        self.field = page.locator("#text")
        self.state = page.locator("#state")
        self.waiting = self.log.locator(".fate")
        self.programme = page.locator("#programme")

    async def opens(self, path: str = "/") -> None:
        await self.page.goto(self.line.url + path)
        await self.answer.wait_for()

    async def says(self, text: str) -> None:
        await self.field.fill(text)
        await self.page.locator("#send").tap()

    async def taps(self, label: str) -> None:
        """A button under the latest answer."""
        await self.answer.get_by_role("button", name=label).first.tap()

    async def opens_menu(self, label: str) -> None:
        await self.page.locator("#menu-button").tap()
        await self.page.locator("#menu").get_by_text(label, exact=True).tap()

    async def shot(self, name: str) -> None:
        """tests/shots/NAME.png; the page itself never scrolls, only what is in it."""
        assert await self.page.evaluate("document.documentElement.scrollTop + document.body.scrollTop") == 0
        SHOTS.mkdir(exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "net::ERR_" not in message.text:  # a cut line is no fault
            self.faults.append(message.text)

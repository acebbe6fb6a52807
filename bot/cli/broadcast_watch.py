"""Watching an announcement go out: a bar on a terminal, lines elsewhere, on stderr; what came of it, on stdout."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli import broadcast_report as reports
from bot.notices import reporting
from bot.notices.reporting import Progress as HowFar
from bot.notices.tables import NoticeState
from bot.opening import Opened

LOOK_SECONDS = 0.25
LINE_SECONDS = 5.0  # between lines
STILL_SECONDS = 10.0
SOON_SECONDS = 60.0  # what waits longer than this is not waited for
DOING = {NoticeState.PAUSED: "Paused", NoticeState.RECALLED: "Taking back", NoticeState.CANCELLED: "Cancelling"}

Tell = Callable[[HowFar], None]


def watch(opened: Opened, number: int, *, expected: int = 0, meant: NoticeState = NoticeState.SENT) -> int:
    """Until it is over, or waits for the morning. expected: persons, while that is not known. The exit code: whether
    it ended as was meant."""
    console = Console(stderr=True)
    try:
        with (_bar if console.is_terminal else _lines)(console, number, expected) as tell:
            last = _followed(opened, number, console, tell)
    except KeyboardInterrupt:
        print(f"\nNo longer watched; it goes on. To stop it: passerelle broadcast pause {number} (or cancel, recall)")
        return 0
    summary = opened.store.read_now(reporting.summary, number)
    if not last.is_over and last.next_at is not None:
        local = last.next_at.astimezone(opened.published.event.zone)
        print(f"{last.open} wait until {local:%Y-%m-%d %H:%M}; then: passerelle broadcast report {number}")
        return 0
    print(f"Announcement {number} is {summary.notice.state}: {reports.in_words(summary.states)}.")
    for line in reports.reasons(summary):
        print(line)
    if summary.second:
        print(f"second try: {reports.in_words(summary.second)}")
    return 0 if summary.notice.state == meant else 1


def _followed(opened: Opened, number: int, console: Console, tell: Tell) -> HowFar:
    """Where it stands at the end."""
    last: tuple[object, ...] = ()
    moved_at = time.monotonic()
    is_told = False
    while True:
        seen = opened.store.read_now(reporting.progress, number)
        tell(seen)
        if seen.is_over or _waits(opened, seen):
            return seen
        now = time.monotonic()
        mark = (seen.notice.state, seen.notice.is_fanned, seen.rows, seen.open, seen.next_at)
        if mark != last:
            last, moved_at, is_told = mark, now, False
        elif now - moved_at >= STILL_SECONDS and not is_told and seen.notice.state != NoticeState.PAUSED:
            is_told = True
            text = "Nothing moves: no running bot seems to serve this database (passerelle run). Ctrl-C stops watching."
            console.print(text, highlight=False, soft_wrap=True)
        time.sleep(LOOK_SECONDS)


def _waits(opened: Opened, seen: HowFar) -> bool:
    """Whether all that is left waits for a later hour."""
    if not seen.notice.is_fanned or seen.next_at is None or seen.notice.state != NoticeState.SENDING:
        return False
    return (seen.next_at - opened.clock.now()).total_seconds() > SOON_SECONDS


def _figures(seen: HowFar, expected: int) -> tuple[int, int]:
    """(done, of how many)."""
    total = seen.rows if seen.notice.is_fanned else max(seen.rows, expected)
    return seen.rows - seen.open, total


def _doing(seen: HowFar, number: int) -> str:
    return f"{DOING.get(seen.notice.state, 'Sending')} announcement {number}"


@contextmanager
def _bar(console: Console, number: int, expected: int) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Announcement {number}", total=expected or None)

        def tell(seen: HowFar) -> None:
            done, total = _figures(seen, expected)
            bar.update(task, description=_doing(seen, number), completed=done, total=total or None)

        yield tell


@contextmanager
def _lines(console: Console, number: int, expected: int) -> Iterator[Tell]:
    told = ""
    at = 0.0

    def tell(seen: HowFar) -> None:
        nonlocal told, at
        done, total = _figures(seen, expected)
        line = f"{_doing(seen, number)}: {done} of {total}"
        is_due = time.monotonic() - at >= LINE_SECONDS or seen.is_over or not told
        if line != told and is_due:
            console.print(line, highlight=False, soft_wrap=True)
            told, at = line, time.monotonic()

    yield tell

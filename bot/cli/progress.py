"""That long work goes on: a bar with the time on a terminal, a line now and then elsewhere; always on stderr."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EVERY_SECONDS = 15.0
T = TypeVar("T")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show `what` until the block ends. How much is left is not known, so that only the time spent is told."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            bar.add_task(what, total=None)
            yield
        return
    done = threading.Event()
    begun = time.monotonic()

    def tell() -> None:
        while not done.wait(EVERY_SECONDS):
            _line(console, f"{what}: {time.monotonic() - begun:.0f} s so far…")

    _line(console, f"{what}…")
    threading.Thread(target=tell, name="progress", daemon=True).start()
    try:
        yield
    finally:
        done.set()
        _line(console, f"{what}: {time.monotonic() - begun:.0f} s in all.")


def measured(measure: Callable[..., T], console: Console) -> T:
    """The figures; meanwhile a bar on a terminal, a line a step elsewhere."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    task = bar.add_task("", total=None)
    begun = 0

    def step(what: str) -> None:
        nonlocal begun
        begun += 1
        bar.update(task, description=what, completed=begun - 1)
        if not console.is_terminal:
            console.print(what, highlight=False)

    def steps(count: int) -> None:
        bar.update(task, total=count)

    with bar if console.is_terminal else Console(quiet=True):
        return measure(progress=step, steps=steps)


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)

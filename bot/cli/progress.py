"""That long work goes on: a bar with the time on a terminal, a line now and then elsewhere; always on stderr."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

EVERY_SECONDS = 15.0


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


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)

"""When what is known of an event has to be worked out anew, and by whom for how long."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bot.answers import corpus
from bot.event import load
from bot.event.model import Event, Session
from bot.event.texts import Texts

BOT = """
import asyncio, sys
from pathlib import Path
from bot.answers import warming
from bot.event import load
if __name__ == "__main__":
    asyncio.run(warming._prepared(load.load(load.find("strasbourg-2014")), "none", Path(sys.argv[1])))
"""


def with_first(event: Event, **changes: object) -> Event:
    first: Session = event.sessions[0].model_copy(update=changes)
    return event.model_copy(update={"sessions": (first, *event.sessions[1:])})


def test_another_hour_or_room_is_known_at_once_and_another_name_or_text_is_not() -> None:
    event = load.load(load.find("demo"))
    stamp, second = corpus.stamp(event), event.sessions[1]
    for same in (
        {"start": second.start, "end": second.end, "day": second.day},
        {"place": second.place},
        {"capacity": 3},
    ):
        assert corpus.stamp(with_first(event, **same)) == stamp, same
    for other in ({"title": Texts({"fr": "Autre chose"})}, {"aliases": ("the other one",)}):
        assert corpus.stamp(with_first(event, **other)) != stamp, other
    entry = event.entries[0]
    for changes in ({"questions": {"fr": ("Et ceci ?",)}}, {"topic": "another"}, {"answer": {"fr": "Non."}}):
        entries = (entry.model_copy(update=changes), *event.entries[1:])
        assert corpus.stamp(event.model_copy(update={"entries": entries})) != stamp, changes


def test_a_bot_that_is_killed_leaves_no_work_behind(tmp_path: Path) -> None:
    script = tmp_path / "bot_.py"
    script.write_text(BOT, encoding="utf-8")
    bot = subprocess.Popen([sys.executable, str(script), str(tmp_path / "cache")])
    try:
        child = wait_for(lambda: next((pid for pid in children(bot.pid) if b"spawn_main" in command(pid)), 0))
        wait_for(lambda: os.getpriority(os.PRIO_PROCESS, child) == 10)  # it has begun
        bot.send_signal(signal.SIGKILL)
        bot.wait()
        wait_for(lambda: not command(child))
    finally:
        bot.kill()


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_for(look):  # type: ignore[no-untyped-def]
    """What `look` finds, once it finds something."""
    until = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found

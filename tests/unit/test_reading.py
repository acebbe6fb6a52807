"""What waits for the answers: answered together, each by its own; who leaves or breaks it takes nobody along."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot.answers.engine import Engine, Outcome, Question
from bot.conversation.reading import Reader
from tests.unit.answering import small_event

QUESTIONS = ["code wifi ?", "停车场在哪里", "what time is lunch", *(f"où se garer le {n} ?" for n in range(60))]


class Held(Engine):
    """Stands still at "attends", until it may go on; fails at "défaut"."""

    go_on: threading.Event
    reached: threading.Event

    def answer(self, question: Question) -> Outcome:
        if question.text == "attends":
            self.reached.set()
            assert self.go_on.wait(10)
        if question.text == "défaut":
            raise ZeroDivisionError
        return super().answer(question)


@contextmanager
def held() -> Iterator[tuple[Reader, Held]]:
    engine = Held.build(small_event(), embedder="none")
    assert isinstance(engine, Held)
    engine.go_on, engine.reached = threading.Event(), threading.Event()
    reader = Reader(engine)
    try:
        yield reader, engine
    finally:
        engine.go_on.set()
        reader.close()


async def stands(reader: Reader, engine: Held) -> asyncio.Task[Outcome | None]:
    task = asyncio.create_task(reader.ask("attends", hint="fr"))
    assert await asyncio.to_thread(engine.reached.wait, 10)
    return task


async def test_each_is_answered_by_its_own_whoever_fails_or_leaves() -> None:
    with held() as (reader, engine):
        first = await stands(reader, engine)
        texts = [*QUESTIONS[:30], "défaut", "je pars", *QUESTIONS[30:]]
        tasks = {text: asyncio.create_task(reader.ask(text, hint="fr")) for text in texts}
        fails, leaves = tasks.pop("défaut"), tasks.pop("je pars")
        await asyncio.sleep(0)
        leaves.cancel()
        engine.go_on.set()
        answers = await asyncio.wait_for(asyncio.gather(*tasks.values()), 10)
        assert answers == [engine.ask(text, hint="fr") for text in QUESTIONS]
        assert (await fails, leaves.cancelled(), await first is not None) == (None, True, True)
        assert await asyncio.wait_for(reader.ask("parking", hint="fr"), 10), "whoever comes later is answered, too"


async def test_nobody_waits_for_a_reader_that_was_closed() -> None:
    with held() as (reader, engine):
        tasks = [await stands(reader, engine), asyncio.create_task(reader.ask("parking", hint="fr"))]
        await asyncio.sleep(0)
        threading.Timer(0.1, engine.go_on.set).start()
        reader.close()
        done, waiting = await asyncio.wait(tasks, timeout=5)
        assert (len(done), len(waiting)) == (2, 0)

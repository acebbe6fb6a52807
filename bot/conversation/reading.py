"""Understand a text before its transaction: language, command, likely entries. Nothing slow may run inside one.

The models live in a thread of their own behind a bounded queue; a reader who would wait too long is
read by the rules alone, which `questions` then answers honestly.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from bot.answers.choice import Choice
from bot.answers.engine import SHORT, Engine, Question
from bot.answers.outcome import Outcome
from bot.people.linking import is_code

QUEUE = 200  # texts that may wait for the models
LONGEST = 10_000  # characters of a text that are looked at
TOGETHER = 0.05  # seconds of answers that are given at once

log = structlog.get_logger()


@dataclass(slots=True)
class _Asked:
    """A text that waits for the models. question: None where making one of it may take long, too."""

    engine: Engine
    text: str
    hint: str
    before: str
    question: Question | None
    answered: asyncio.Future[Outcome]

    def answer(self) -> Outcome:
        question = self.question or self.engine.question(self.text, hint=self.hint, before=self.before)
        return self.engine.answer(question)


class Reader:
    """The answering engine behind its thread. A text that comes before there is one waits for it."""

    def __init__(
        self, engine: Engine | None = None, choice: Choice | None = None, *, patience: float | None = None
    ) -> None:
        """choice: asked about what the engine is not sure of, for as long as it stands open. patience: seconds that a
        text waits for the first engine; None: as long as it takes."""
        self._patience = patience
        self._engine = engine
        self._choice = choice
        self._ready = asyncio.Event()
        if engine is not None:
            self._ready.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers")
        self._waiting = 0
        self._asked: list[_Asked] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, text: str, *, hint: str, before: str = "") -> Outcome | None:
        """What the text asks, said after the answer `before` (as in `Match.entry`); None when too many wait
        already, or on a defect (logged)."""
        if self._waiting >= QUEUE:
            log.warning("answers.queue_full", waiting=self._waiting)
            return None
        self._waiting += 1
        try:
            if not self._ready.is_set():
                await asyncio.wait_for(self._ready.wait(), self._patience)
            engine = self._engine
            assert engine is not None
            question = engine.question(text, hint=hint, before=before) if len(text) <= SHORT else None
            outcome = engine.known(question) if question else None
            if outcome is None:
                answered = asyncio.get_running_loop().create_future()
                self._asked.append(_Asked(engine, text[:LONGEST], hint, before, question, answered))
                if self._working is None or self._working.done():
                    self._working = asyncio.create_task(self._work())
                outcome = await answered
        except TimeoutError:
            log.info("answers.not_ready")
            return None
        except Exception:
            log.exception("answers.defect")
            return None
        finally:
            self._waiting -= 1
        asks_elsewhere = self._choice is not None and not is_code(text)  # a code is nobody's business
        return await self._choice.among(text, outcome, engine.event) if self._choice and asks_elsewhere else outcome

    async def _work(self) -> None:
        """Answers what waits, several at a time."""
        while waiting := [one for one in self._asked if not one.answered.done()]:
            self._asked = waiting
            outcomes = await asyncio.get_running_loop().run_in_executor(self._thread, _answers, [*waiting])
            for one, outcome in zip(waiting, outcomes, strict=False):
                if one.answered.done():  # who asked has left
                    continue
                if isinstance(outcome, Exception):
                    one.answered.set_exception(outcome)
                else:
                    one.answered.set_result(outcome)
        self._asked = waiting

    @property
    def engine(self) -> Engine | None:
        return self._engine

    def use(self, engine: Engine) -> None:
        """Answer by `engine` from the next text on."""
        self._engine = engine
        self._ready.set()

    def close(self) -> None:
        """Who still waits is cancelled."""
        self._thread.shutdown(cancel_futures=True)
        for one in self._asked:
            one.answered.cancel()


def _answers(asked: Sequence[_Asked]) -> Sequence[Outcome | Exception]:
    """The answers to the first of these, as many as take TOGETHER seconds: they come back at once, so that their turns
    share a commit and the event loop is woken once."""
    until = time.monotonic() + TOGETHER
    answers: list[Outcome | Exception] = []
    for one in asked:
        try:
            answers.append(one.answer())
        except Exception as defect:  # noqa: BLE001  the one who asked logs it
            answers.append(defect)
        if time.monotonic() >= until:
            break
    return answers

"""Understand a text before its transaction: language, command, likely entries. Nothing slow may run inside one.

The models live in a thread of their own behind a bounded queue; a reader who would wait too long is
read by the rules alone, which `questions` then answers honestly.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog

from bot.answers.choice import Choice
from bot.answers.engine import Engine
from bot.answers.outcome import Outcome
from bot.people.linking import is_code

QUEUE = 200  # texts that may wait for the models
LONGEST = 10_000  # characters of a text that are looked at

log = structlog.get_logger()


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
            outcome = engine.known(text, hint=hint, before=before)
            if outcome is None:
                outcome = await asyncio.get_running_loop().run_in_executor(
                    self._thread, lambda: engine.ask(text[:LONGEST], hint=hint, before=before)
                )
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

    @property
    def engine(self) -> Engine | None:
        return self._engine

    def use(self, engine: Engine) -> None:
        """Answer by `engine` from the next text on."""
        self._engine = engine
        self._ready.set()

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

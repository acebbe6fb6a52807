"""An engine within seconds, the full one as soon as it is ready.

The vectors of a new event take minutes the first time, and its fit takes memory. Both are made in a
child process of low priority and kept in the cache; until then the words alone answer.
"""

import asyncio
import hashlib
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog

from bot.answers import corpus
from bot.answers.engine import Engine
from bot.event.model import Event

VECTORS = Path("var/vectors")  # where the cache is, from the folder that a command runs in

log = structlog.get_logger()


def is_warm(event: Event, embedder: str, cache: Path) -> bool:
    """Whether the engine for this very event was built here before, so that building it takes seconds."""
    return _mark(event, embedder, cache).is_file()


def full(event: Event, embedder: str, cache: Path) -> Engine:
    """The full engine, however long its vectors take."""
    engine = Engine.build(event, embedder=embedder, cache=cache)
    cache.mkdir(parents=True, exist_ok=True)
    _mark(event, embedder, cache).touch()
    return engine


async def engines(event: Event, embedder: str, cache: Path, before: Engine | None = None) -> AsyncIterator[Engine]:
    """The engines to answer by, each better than the one before; the first within seconds, within one where there
    is an engine of the event as it stood `before`."""
    await asyncio.to_thread(corpus.stamp, event)  # what every look at the cache asks for, and is kept
    if before is not None and not is_warm(event, embedder, cache):
        yield await _threaded(partial(before.edited, event))
    for kind in ("none", embedder) if before is None else (embedder,):
        # By words alone a warm engine stands in half a second, the full one in four.
        if kind == "none" != embedder and is_warm(event, embedder, cache) and not is_warm(event, "none", cache):
            continue
        if not is_warm(event, kind, cache):
            log.info("answers.warming", embedder=kind, entries=len(event.entries))
            if not await _prepared(event, kind, cache) and kind == embedder != "none":
                return
        yield await _threaded(partial(full, event, kind, cache))
        if embedder == "none":
            return


async def _threaded(make: Callable[[], Engine]) -> Engine:
    """An engine, made in a thread that does not hold up a process that is told to stop."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Engine] = loop.create_future()

    def tell(method: str, what: object) -> None:
        with suppress(RuntimeError):  # the loop has gone, and with it whoever waited
            loop.call_soon_threadsafe(lambda: made.done() or getattr(made, method)(what))

    def work() -> None:
        try:
            tell("set_result", make())
        except Exception as error:  # noqa: BLE001  it belongs to whoever waits
            tell("set_exception", error)

    threading.Thread(target=work, name="engine", daemon=True).start()
    return await made


async def _prepared(event: Event, embedder: str, cache: Path) -> bool:
    """Fill the cache in a child process; False where that failed (logged), and a later start tries again."""
    loop = asyncio.get_running_loop()
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin)
    try:
        await loop.run_in_executor(pool, _warm, event.model_dump_json(), embedder, cache)
    except (BrokenProcessPool, OSError) as error:
        log.error("answers.warming_failed", why=str(error), do="the words alone answer; see PASSERELLE_EMBEDDER")
        return False
    else:
        return True
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def _begin() -> None:
    """Yield to whoever answers, and end with the bot, however that ends: a minute of work is of no use without it."""
    os.nice(10)
    bot = multiprocessing.parent_process()
    assert bot is not None

    def follow() -> None:
        bot.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _warm(event: str, embedder: str, cache: Path) -> None:
    full(Event.model_validate_json(event), embedder, cache)


def _mark(event: Event, embedder: str, cache: Path) -> Path:
    content = corpus.stamp(event) + embedder
    return cache / f"ready-{hashlib.sha256(content.encode()).hexdigest()[:32]}"

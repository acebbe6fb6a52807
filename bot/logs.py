"""structlog set-up: events, not sentences, to stderr; ids only. Secrets and names are dropped here.

The processors are the last line: nothing should log a text, a name, an address or a token anyway.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Never written, whoever passes them.
FORBIDDEN = frozenset({"text", "name", "address", "author", "token", "secret", "password", "body", "email", "phone"})
TOKEN = re.compile(r"\b\d{6,}:[A-Za-z0-9_-]{30,}\b")


def _drop(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in FORBIDDEN & event.keys():
        event[name] = "…"
    for name, value in event.items():
        if isinstance(value, str) and TOKEN.search(value):
            event[name] = TOKEN.sub("…", value)
    return event


def set_up(form: str = "", level: int = logging.INFO) -> None:
    """form: "text", "json", or "" for text on a terminal and JSON elsewhere."""
    as_text = form == "text" or (not form and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_text:
        last: list[structlog.typing.Processor] = [
            _drop,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    else:
        last = [
            structlog.processors.format_exc_info,
            _drop,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Made anew for each event, which a turn that goes well has none of: a logger that is kept outlives its stream.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")

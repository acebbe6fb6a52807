"""The command line: one parser, one file per command. Exit codes: 0 done, 1 the work failed, 2 wrong use."""

import argparse
import sys
from collections.abc import Sequence

from bot import __version__, logs
from bot.errors import BadInput, PasserelleError

LANGUAGES = ("fr", "zh", "zh-Hant", "en")


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. Faults go to stderr in words, never as a traceback."""
    options = parser().parse_args(arguments)
    try:
        from bot import settings as settings_

        settings = settings_.load()
        logs.set_up(settings.log_format)
        return int(options.command(options, settings))
    except BadInput as error:
        print(f"{len(error.faults)} to mend:", file=sys.stderr)
        for fault in error.faults:
            print(f"  {fault}", file=sys.stderr)
        return 1
    except PasserelleError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    made = argparse.ArgumentParser("passerelle", description="A chatbot that serves a bilingual conference.")
    made.add_argument("--version", action="version", version=f"passerelle {__version__}")
    commands = made.add_subparsers(required=True, metavar="COMMAND", dest="verb")

    def command(name: str, help_: str, module: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_, description=help_)

        def call(options: argparse.Namespace, settings: object) -> int:
            # Imported when called: a start should not pay for commands it does not run.
            from importlib import import_module

            return int(import_module(f"bot.cli.{module}").main(options, settings))

        sub.set_defaults(command=call)
        return sub

    run_ = command("run", "Start every configured channel.", "run")
    run_.add_argument("--role", choices=("all", "web", "worker"), default="all")
    run_.add_argument("--host", help="where to listen (PASSERELLE_HOST)")
    run_.add_argument("--port", type=int, help="(PASSERELLE_PORT)")

    chat = command("chat", "The same bot in the terminal: a line in, the replies out.", "chat")
    chat.add_argument("--lang", choices=LANGUAGES, default="")
    chat.add_argument("--as", dest="name", default="me", metavar="NAME", help="whose agenda (default: me)")

    ask = command("ask", "One question to the answering engine.", "ask")
    ask.add_argument("--lang", default="", help="the language to read it in when the text does not tell")
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--batch", action="store_true", help="JSON lines from stdin, JSON lines out")
    ask.add_argument("--explain", action="store_true", help="show why")
    ask.add_argument("question", nargs="?", default="")

    check = command("check", "Validate event data and message catalogues.", "check")
    check.add_argument("event", nargs="?", default="", metavar="EVENT_DIR")

    publish = command("publish", "Bring the database to what the folder says.", "publish")
    publish.add_argument("event", metavar="EVENT_DIR")
    publish.add_argument("--dry-run", action="store_true", help="only show the difference")
    publish.add_argument("--quiet", action="store_true", help="notify nobody")
    publish.add_argument("--yes", action="store_true", help="do not ask")

    bench = command("bench", "The project's own benchmarks.", "bench")
    bench.add_argument("what", choices=("turn",))
    bench.add_argument("--seconds", type=float, default=5.0)
    bench.add_argument("--repeat", type=int, default=3)
    bench.add_argument("--json", action="store_true")
    return made

"""The command line: one parser, one file per command. Exit codes: 0 done, 1 the work failed, 2 wrong use."""

import argparse
import sys
from collections.abc import Sequence

from bot import __version__, logs
from bot.cli import broadcast_parser
from bot.errors import BadInput, BadSettings, PasserelleError

BATCH = """With --batch, each line of stdin is one question; lang is any language tag and may be left out:
  {"id": "1", "text": "Où est la gare ?", "lang": "fr"}
and each line of stdout its answer, in the same order; kind is answer, suggest, smalltalk or refuse:
  {"id": "1", "kind": "answer", "lang": "fr", "answers": [{"entry": …, "topic": …, "score": …, "text": …}]}
A line that is not a question is answered by {"error": …}; the exit code is then 1."""

FORMATS = ("pretalx", "frab", "ics", "csv", "xlsx", "json")  # as in bot.exchange.formats, which a start need not load
IMPORT = """pretalx: schedule JSON; frab: frab and Pentabarf XML; ics: iCalendar; json: what `export` writes.
Sessions are known again by their guid, code or UID, or in a table by 'id' or title. What the file does not say stays;
what it says and cannot be understood is listed with its row. Nothing is live until `passerelle publish`.
A participants' list (code, name, organisation, side, role, delegation, language, e-mail, hotel, shuttle, table,
interpreter, speaker; CSV or XLSX) goes into the database, whole: whoever is not in it is taken out."""


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
        return 2 if isinstance(error, BadSettings) else 1
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

    def command(name: str, help_: str, module: str, more: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=help_, description=help_, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
        )

        def call(options: argparse.Namespace, settings: object) -> int:
            # Imported when called: a start should not pay for commands it does not run.
            from importlib import import_module

            return int(import_module(f"bot.cli.{module.format(**vars(options))}").main(options, settings))

        sub.set_defaults(command=call)
        return sub

    run_ = command("run", "Start every configured channel.", "run")
    run_.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="all of it (one process); `web` and `worker` share it (PASSERELLE_BROKER_URL)",
    )
    run_.add_argument("--host", help="where to listen (PASSERELLE_HOST)")
    run_.add_argument("--port", type=port, help="the port to listen on, 0 for any free one (PASSERELLE_PORT)")

    chat = command("chat", "The same bot in the terminal: a line in, the replies out.", "chat")
    chat.add_argument(
        "--lang", default="", metavar="fr|zh|en", help="the language of the first message, one of the event’s"
    )
    chat.add_argument(
        "--as", dest="name", default="me", metavar="NAME", help="each name is a person of its own (default: me)"
    )

    ask = command("ask", "One question to the answering engine, or a batch of them.", "ask", BATCH)
    ask.add_argument("--lang", default="", help="the language to read it in when the text does not tell")
    ask.add_argument("--json", action="store_true", help="the answer as JSON")
    ask.add_argument("--batch", action="store_true", help="JSON lines from stdin, JSON lines out (see below)")
    ask.add_argument("--explain", action="store_true", help="show why")
    ask.add_argument("question", nargs="?", default="", metavar="QUESTION")

    check = command("check", "Validate event data and message catalogues.", "check")
    check.add_argument("event", nargs="?", default="", metavar="EVENT_DIR")

    doctor = command(
        "doctor",
        "Checks settings, database, migrations, broker, tokens, webhook, public address, clock, data; says what to do "
        "about each fault.",
        "doctor",
    )
    doctor.add_argument("--json", action="store_true", help="what was found as JSON")

    publish = command("publish", "Bring the database to what the folder says.", "publish")
    publish.add_argument("event", metavar="EVENT_DIR")
    publish.add_argument("--dry-run", action="store_true", help="only show the difference")
    publish.add_argument("--quiet", action="store_true", help="notify nobody")
    publish.add_argument(
        "--reason", action="append", default=[], metavar="LANG=TEXT",
        help="why, as readers are told: once for each language of the event",
    )  # fmt: skip
    publish.add_argument("--undo", action="store_true", help="publish the version before the current one again")
    publish.add_argument("--yes", action="store_true", help="do not ask")

    import_ = command(
        "import",
        "A programme from another tool into the event’s folder; the participants’ list into the database.",
        "import_",
        IMPORT,
    )
    import_.add_argument("file", metavar="FILE")
    import_.add_argument("--event", default="", metavar="DIR", help="the folder (PASSERELLE_EVENT)")
    import_.add_argument(
        "--format",
        default="",
        choices=("", *FORMATS),
        metavar="|".join(FORMATS),
        help="told by the file’s content if left out",
    )
    import_.add_argument("--lang", default="", help="of texts that do not say theirs (default: the event’s first)")
    import_.add_argument("--fill", action="store_true", help="write such a text for the other languages too")
    import_.add_argument("--people", action="store_true", help="it is a participants’ list, whatever it looks like")
    import_.add_argument("--add", action="store_true", help="of a participants’ list: whoever is not in it stays")
    import_.add_argument("--dry-run", action="store_true", help="only show the difference")
    import_.add_argument("--yes", action="store_true", help="do not ask")

    export = command(
        "export", "The programme for other tools; interest, attendance, feedback, questions, figures.", "export"
    )
    whats = ("programme", "interest", "attendance", "feedback", "faq", "questions", "statistics")
    export.add_argument("what", choices=whats)
    export.add_argument("sessions", nargs="*", metavar="SESSION", help="with attendance: of these alone (default: all)")
    export.add_argument("--event", default="", metavar="DIR", help="the folder (PASSERELLE_EVENT)")
    export.add_argument(
        "--format", default="", choices=("", *FORMATS), metavar="|".join(FORMATS),
        help="told by the name of --output if left out; lists are csv, xlsx or json",
    )  # fmt: skip
    export.add_argument("--lang", default="", help="of a format that holds one (default: the event’s first)")
    export.add_argument("--output", default="", metavar="FILE", help="where to write (default: the screen)")

    person = command("person", "A person’s data: seen, handed over, erased.", "person")
    do = person.add_subparsers(required=True, metavar="show|export|forget", dest="do")
    for name, help_ in (
        ("show", "what is held about them, on the screen"),
        ("export", "the same as a file to hand over"),
        ("forget", "erase it, and their row of the participants’ list"),
    ):
        each = do.add_parser(name, help=help_)
        each.add_argument(
            "person", metavar="ID", help="their number, CHANNEL:ADDRESS as telegram:123, or their participant’s code"
        )
        if name == "export":
            each.add_argument("--output", default="", metavar="FILE", help="where to write (default: the screen)")
        if name == "forget":
            each.add_argument("--yes", action="store_true", help="do not ask")
    sheets = command(
        "door-sheets", "Printable sheets with each session’s QR code, in two languages (PDF).", "door_sheets"
    )
    sheets.add_argument("sessions", nargs="*", metavar="SESSION", help="its id (default: all that take place)")
    sheets.add_argument("--event", default="", metavar="DIR", help="the folder (PASSERELLE_EVENT)")
    sheets.add_argument("--output", default="door-sheets.pdf", metavar="FILE", help="where to write (door-sheets.pdf)")
    sheets.add_argument("--pictures", metavar="DIR", help="the codes alone too, as ID.png and ID.svg in this folder")

    broadcast_parser.fill(
        command("broadcast", "Announcements: write, send, watch, correct and take back, report.", "broadcast")
    )

    questions = command(
        "questions", "What was not answered well: list, accept as an example or an entry, dismiss.", "questions"
    )
    do = questions.add_subparsers(required=True, metavar="list|show|accept|dismiss", dest="do")
    listed = do.add_parser("list", help="those that ask the same in one line, the most asked first")
    listed.add_argument("--dismissed", action="store_true", help="those dismissed too")
    shown = do.add_parser("show", help="one of them, with every wording and what is nearest")
    shown.add_argument("number", type=int, metavar="NUMBER")
    for each in (listed, shown):
        each.add_argument("--json", action="store_true", help="as JSON")
    accept = do.add_parser("accept", help="make them examples of an entry, or an entry of their own")
    accept.add_argument("number", type=int, metavar="NUMBER")
    accept.add_argument("entry", nargs="?", default="", metavar="ENTRY", help="the id of the entry that answers them")
    accept.add_argument("--without", type=int, action="append", default=[], metavar="ID", help="leave this one out")
    accept.add_argument("--new", default="", metavar="ID", help="a new entry of that id")
    accept.add_argument("--topic", default="", help="of the new entry")
    accept.add_argument(
        "--answer", action="append", default=[], metavar="LANG=TEXT", help="its answer, once for each language"
    )
    accept.add_argument(
        "--question", action="append", default=[], metavar="LANG=TEXT", help="an example more, as often as wanted"
    )
    accept.add_argument("--yes", action="store_true", help="do not ask")
    dismiss = do.add_parser("dismiss", help="show them no more")
    dismiss.add_argument("numbers", type=int, nargs="+", metavar="NUMBER")

    bench = command("bench", "The project's own benchmarks.", "bench_{what}")
    bench.add_argument("what", choices=("turn", "answers", "broadcast", "programme", "telegram"))
    bench.add_argument("files", nargs="*", metavar="FILE", help="with answers: sets of questions, a JSON line each")
    bench.add_argument("--seconds", type=float, default=5.0, help="how long each measurement takes")
    bench.add_argument("--recipients", type=int, default=5000, help="with broadcast: how many are told")
    bench.add_argument("--repeat", type=int, default=3, help="how often each is taken")
    bench.add_argument("--json", action="store_true", help="the figures as JSON")
    return made


def port(given: str) -> int:
    """A port as argparse reads one; what is none is a wrong use."""
    if not given.isascii() or not given.isdigit() or int(given) > 65535:
        raise argparse.ArgumentTypeError(f"{given!r} is no port: write a number from 0 to 65535")
    return int(given)

"""The command line of `passerelle broadcast`."""

import argparse
from pathlib import Path

DRAFT = """A draft in a file (--file) holds the same, what stands on the command line counts more:
  texts: {fr: L’atelier 3 passe en salle **12**., zh: 分论坛三改到**12**号会议室。}
  audience: language:zh session:atelier-3
  urgent: false
  receipt: true
  both: false
  at: 2014-11-06T15:00"""


def fill(made: argparse.ArgumentParser) -> None:
    """Add what can be done with announcements."""
    do = made.add_subparsers(required=True, metavar="send|list|show|…", dest="do")

    def command(name: str, help_: str, more: str = "") -> argparse.ArgumentParser:
        return do.add_parser(
            name, help=help_, description=help_, epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    send = command("send", "write it, see it as its readers get it, send it now or later", DRAFT)
    _texts(send, "its text, once for each language; an empty one takes it out of a draft")
    send.add_argument("--file", type=Path, metavar="FILE", help="a draft in YAML (see below)")
    send.add_argument("--draft", type=number, metavar="NUMBER", help="go on with this draft")
    send.add_argument(
        "--to", metavar="AUDIENCE", help="as “language:zh session:atelier-3”: all terms hold; everyone where absent"
    )
    flag = argparse.BooleanOptionalAction
    send.add_argument("--urgent", action=flag, help="at night too, before all else, to those who declined as well")
    send.add_argument("--receipt", action=flag, help="ask readers to confirm")
    send.add_argument("--both", action=flag, help="readers whose language is missing get every text")
    send.add_argument(
        "--at",
        metavar="MOMENT",
        help="2014-11-06T15:00, or 15:00 for today, local to the event; “now” for a draft kept later",
    )
    _asks(send)
    _waits(send)

    listed = command("list", "the newest fifty, with what became of each")
    shown = command("show", "its texts, and what became of it")
    steps = {
        "pause": "send no more of it until it is resumed",
        "resume": "go on with one that is paused",
        "cancel": "whoever has not got it will not",
        "recall": "take it back from whoever got it, where the platform can",
        "correct": "put other texts in its place, with those who have it too",
        "again": "once more, on another account, to whoever has not confirmed",
        "report": "what became of it, in figures and as files",
    }
    made_of = {"show": shown, **{name: command(name, help_) for name, help_ in steps.items()}}
    for each in made_of.values():
        each.add_argument("number", type=number, metavar="NUMBER")
    _texts(made_of["correct"], "its new text, once for each language that changes")
    made_of["correct"].add_argument(
        "--again", action="store_true", help="tell those who have it again, by a new message: a correction rings nobody"
    )
    for name in ("recall", "correct", "again"):
        _asks(made_of[name])
        _waits(made_of[name])
    report = made_of["report"]
    report.add_argument("--csv", type=Path, metavar="FILE", help="a row a person")
    report.add_argument("--xlsx", type=Path, metavar="FILE", help="the same as a workbook")
    report.add_argument(
        "--call-list", type=Path, metavar="FILE", help="CSV: who has not confirmed and has no other account left"
    )
    for each in (listed, shown, report):
        each.add_argument("--json", action="store_true", help="as JSON")


def _texts(made: argparse.ArgumentParser, help_: str) -> None:
    made.add_argument("--text", type=text, action="append", default=[], metavar="LANG=TEXT", help=help_)


def _asks(made: argparse.ArgumentParser) -> None:
    made.add_argument("--yes", action="store_true", help="do not ask")


def _waits(made: argparse.ArgumentParser) -> None:
    made.add_argument("--no-wait", action="store_true", help="do not watch it go out")


def number(given: str) -> int:
    """An announcement's number as argparse reads one."""
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise argparse.ArgumentTypeError(f"{given!r} is no number: see passerelle broadcast list")
    return int(given)


def text(given: str) -> tuple[str, str]:
    """LANG=TEXT as (language, text); a backslash and n in it is a line break, which shells make hard to write."""
    language, equals, rest = given.partition("=")
    if not equals or not language.strip():
        raise argparse.ArgumentTypeError(f"{given!r} names no language: write fr=…")
    return language.strip(), rest.replace("\\n", "\n")

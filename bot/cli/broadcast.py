"""`passerelle broadcast`: announcements from the shell. This file lists, shows and steers them; broadcast_send.py
writes and corrects them, broadcast_watch.py watches, broadcast_report.py tells what became of them."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from bot import opening
from bot.cli import broadcast_report as reports
from bot.cli import broadcast_send, broadcast_watch
from bot.cli.asking import agreed
from bot.errors import BadInput, Fault
from bot.notices import broadcast, ledger, reporting
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState
from bot.opening import Opened
from bot.settings import Settings
from bot.store.transaction import Transaction

# (step, before sending) -> the step that was meant
INSTEAD = {("recall", True): "cancel", ("cancel", False): "recall"}
SAMPLE = 70  # characters of a text in the list


def main(options: argparse.Namespace, settings: Settings) -> int:
    opened = opening.open_store(settings)
    try:
        return COMMANDS[options.do](options, opened)
    finally:
        opened.store.close()


# --- list, show, report
def list_(options: argparse.Namespace, opened: Opened) -> int:
    def read(tx: Transaction) -> list[tuple[Notice, Counter[str]]]:
        # A change begun in chat is a draft of its own card; what it told is listed once it is published.
        found = [each for each in broadcast.every(tx) if each.kind != "changes" or each.texts or each.parts]
        counts = reporting.counts(tx, found)
        return [(each, counts[each.id]) for each in found]

    zone = opened.published.event.zone
    found = opened.store.read_now(read)
    if options.json:
        _print_json([reports.notice_as_json(seen, states, zone) for seen, states in found])
        return 0
    if not found:
        print("No announcement yet: passerelle broadcast send --text fr=… --text zh=…")
    for seen, states in found:
        told = f"  {reports.in_words(states)}" if states else ""
        kind = "" if seen.kind == "broadcast" else f", {seen.kind}"
        print(f"{seen.id:>6}  {reports.when(seen, zone)}  {seen.state}{kind}, to {reports.whom(seen)}{told}")
        if sample := " ".join(next(iter(seen.texts.values()), "").split()):
            print(f"{'':8}{sample[:SAMPLE]}{'…' if len(sample) > SAMPLE else ''}")
    return 0


def show(options: argparse.Namespace, opened: Opened) -> int:
    summary = reports.found(opened, options.number)
    seen, zone = summary.notice, opened.published.event.zone
    if options.json:
        _print_json(reports.as_json(summary, zone))
        return 0
    print(f"Announcement {seen.id}, to {reports.whom(seen)}, by {seen.author}, {reports.when(seen, zone)}")
    for language, text in seen.texts.items():
        print(f"\n{language}:", *(f"  | {line}" for line in text.splitlines()), sep="\n")
    print("", *reports.lines(summary), sep="\n")
    return 0


def report(options: argparse.Namespace, opened: Opened) -> int:
    summary, files = reports.report(options, opened)
    if options.json:
        _print_json(reports.as_json(summary, opened.published.event.zone))
        return 0
    print(*reports.lines(summary), *files, sep="\n")
    return 0


# --- steps
def pause(options: argparse.Namespace, opened: Opened) -> int:
    return _step(options, opened, broadcast.pause, "paused; what is on its way still arrives")


def resume(options: argparse.Namespace, opened: Opened) -> int:
    return _step(options, opened, broadcast.resume, "sent on")


def cancel(options: argparse.Namespace, opened: Opened) -> int:
    return _step(options, opened, broadcast.cancel, "cancelled", opened.clock.now())


def recall(options: argparse.Namespace, opened: Opened) -> int:
    had = reports.found(opened, options.number).states["sent"]
    if not (options.yes or agreed(f"Take it back from the {had} who have it?", "--yes")):
        print("Nothing is taken back.")
        return 1
    code = _step(options, opened, broadcast.recall, "taken back where the platform can", opened.clock.now())
    if code or options.no_wait:
        return code
    return broadcast_watch.watch(opened, options.number, meant=NoticeState.RECALLED)


def again(options: argparse.Namespace, opened: Opened) -> int:
    """Once more, on another account, to whoever has not confirmed."""
    summary = reports.found(opened, options.number)
    seen = summary.notice
    if not seen.receipt:
        raise BadInput([Fault(str(seen.id), 0, "asks nobody to confirm", "send the next one with --receipt")])
    if seen.state not in (NoticeState.SENT, NoticeState.SENDING):
        raise BadInput([Fault(str(seen.id), 0, f"is {seen.state}", "only what is sent can be sent again")])
    if not (options.yes or agreed(f"Send it again to the {summary.persons - summary.confirmed} persons?", "--yes")):
        print("Nothing is sent.")
        return 1
    tried = opened.store.write_now(ledger.second_try, seen.id, opened.clock.now())
    print(f"Announcement {seen.id} goes to {tried} on another account.")
    if not tried:
        print(f"Nobody has one left. Whom to call: passerelle broadcast report {seen.id} --call-list FILE")
        return 0
    return 0 if options.no_wait else broadcast_watch.watch(opened, seen.id)


def _step(options: argparse.Namespace, opened: Opened, step: Callable[..., bool], done: str, *more: Any) -> int:
    """Take it, and say what is so now, whether it could be taken or not."""
    is_done = opened.store.write_now(step, options.number, *more)
    summary = reports.found(opened, options.number)
    told = f" ({reports.in_words(summary.states)})" if summary.states else ""
    if not is_done:
        instead = INSTEAD.get((options.do, summary.notice.state in broadcast.BEFORE_SENDING), "")
        do = f"; for that: passerelle broadcast {instead} {options.number}" if instead else ""
        stands = f"Announcement {options.number} is {summary.notice.state}"
        print(f"{stands}: {options.do} does nothing{do}.", file=sys.stderr)
        return 1
    print(f"Announcement {options.number} is {done}{told}.")
    return 0


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


COMMANDS: dict[str, Callable[[argparse.Namespace, Opened], int]] = {
    "send": broadcast_send.send, "list": list_, "show": show, "pause": pause, "resume": resume, "cancel": cancel,
    "recall": recall, "correct": broadcast_send.correct, "again": again, "report": report,
}  # fmt: skip

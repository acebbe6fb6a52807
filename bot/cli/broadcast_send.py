"""`passerelle broadcast send`: a draft is kept, shown as its readers get it, agreed on, and begun; then watched.

Only the database is written to: a running bot sends it, at its own pace.
"""

import argparse
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import wording
from bot.cli import broadcast_draft as drafts
from bot.cli import broadcast_report as reports
from bot.cli import broadcast_watch
from bot.cli.asking import agreed
from bot.conversation.receive import words_for
from bot.errors import BadInput, Fault
from bot.event.model import Event
from bot.notices import audience, broadcast
from bot.notices.audience import Count
from bot.notices.broadcast import Notice
from bot.notices.tables import BY_ORGANIZERS, NoticeState
from bot.opening import Opened
from bot.store.transaction import Transaction
from bot.text import detect
from bot.text.formats import base

NOBODY = Count({}, 0, 0)


def send(options: argparse.Namespace, opened: Opened) -> int:
    event, now = opened.published.event, opened.clock.now()
    written = drafts.read(options, event, local_of(now, event.zone))
    was = opened.store.read_now(broadcast.find, options.draft) if options.draft is not None else None
    seen = opened.store.write_now(drafts.keep, options.draft, written, event, now)
    counted, faults = opened.store.read_now(examined, seen, event)
    due_at = seen.due_at
    if due_at is not None or written.at is not None:
        local = written.at or local_of(due_at or now, event.zone)
        moment = broadcast.moment(local, event, now)
        if isinstance(moment, Fault):
            faults.append(moment)
        else:
            due_at = moment
    print(f"Announcement {seen.id}, a draft.")
    if was is not None and was.state == NoticeState.SCHEDULED and seen.state == NoticeState.DRAFT:
        print("It is changed, so no longer scheduled.")
    _show(seen, counted, opened)
    if faults := [*written.faults, *faults]:
        print(f"Nothing is sent. The draft is kept; to go on with it, once mended: {_go_on(seen, options)}")
        raise BadInput(faults)
    quiet = audience.quiet_until(due_at or now, event, seen.urgency)
    if quiet is not None:
        print(f"It is night there: what is not urgent waits until {written_as(quiet, event.zone)}.")
    people = f"{counted.total} person" if counted.total == 1 else f"{counted.total} persons"
    when = f"at {written_as(due_at, event.zone)}" if due_at else "now"
    if not (options.yes or agreed(f"Send it {when} to {people}?", "--yes")):
        if was is not None and was.due_at is not None and opened.store.write_now(_as_before, was, seen):
            print(f"Nothing is changed: it is scheduled for {written_as(was.due_at, event.zone)}, as before.")
        else:
            print(f"Nothing is sent. The draft is kept: {_go_on(seen, options)}")
        return 1
    if not opened.store.write_now(_begin, seen, due_at, opened.clock.now()):
        what = "was changed, sent or cancelled by somebody else meanwhile"
        raise BadInput([Fault(str(seen.id), 0, what, f"passerelle broadcast show {seen.id}")])
    if due_at is not None:
        print(f"Announcement {seen.id} is scheduled for {written_as(due_at, event.zone)}, by a bot that runs then.")
        return 0
    print(f"Announcement {seen.id} is being sent.")
    return 0 if options.no_wait else broadcast_watch.watch(opened, seen.id, expected=counted.total)


def correct(options: argparse.Namespace, opened: Opened) -> int:
    """Other texts in its place, with those who have it and for those who have not."""
    event = opened.published.event
    texts = drafts.read_texts(options.text, event)
    seen = opened.store.read_now(broadcast.find, options.number)
    if seen is None or seen.kind not in BY_ORGANIZERS:
        raise drafts.unknown(options.number)
    if seen.state not in broadcast.CORRECTABLE:
        do = f"passerelle broadcast send --draft {seen.id} --text …" if seen.state in broadcast.BEFORE_SENDING else ""
        raise BadInput([Fault(str(seen.id), 0, f"is {seen.state}: nobody has it", do)])
    corrected = replace(seen, texts={**seen.texts, **texts})
    counted, faults = opened.store.read_now(examined, corrected, event)
    if faults := [fault for fault in faults if fault.file.startswith("text")]:
        raise BadInput(faults)
    print(f"Announcement {seen.id}, corrected:")
    _show(corrected, counted, opened)
    if left := [language for language in seen.texts if language not in texts]:
        print(f"Stays as it is: {', '.join(left)}. To correct it too: --text {left[0]}=…")
    if not (options.yes or agreed("Correct it?", "--yes")):
        print("Nothing is corrected.")
        return 1
    author, now = "shell", opened.clock.now()

    def done(tx: Transaction) -> int | None:
        """How many are told again; None where another correction came first."""
        if not broadcast.correct(tx, seen, texts):
            return None
        corrected = broadcast.get(tx, seen.id)
        return broadcast.tell_again(tx, corrected, list(texts), event, author=author, now=now) if options.again else 0

    if (again := opened.store.write_now(done)) is None:
        do = f"passerelle broadcast show {seen.id}"
        raise BadInput([Fault(str(seen.id), 0, "was corrected or taken back by somebody else meanwhile", do)])
    print(f"Announcement {seen.id} is being corrected.")
    if options.again:
        print(f"Told again, by a new message: {again}.")
    return 0 if options.no_wait or seen.state == NoticeState.PAUSED else broadcast_watch.watch(opened, seen.id)


def examined(tx: Transaction, seen: Notice, event: Event) -> tuple[Count, list[Fault]]:
    """Whom it would reach, and all that is wrong with it."""
    try:
        counted = broadcast.count(tx, seen, event)
    except BadInput as error:
        texts = [fault for fault in broadcast.faults(seen, NOBODY) if fault.file != "audience"]
        return NOBODY, [*texts, *error.faults]
    return counted, broadcast.faults(seen, counted)


def written_as(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def local_of(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _begin(tx: Transaction, seen: Notice, due_at: datetime | None, now: datetime) -> bool:
    return broadcast.schedule(tx, seen, due_at) if due_at else broadcast.send(tx, seen, now)


def _as_before(tx: Transaction, was: Notice, seen: Notice) -> bool:
    """Schedule again what was looked at and not changed."""
    same = replace(was, state=seen.state, version=seen.version, due_at=seen.due_at) == seen
    is_scheduled = was.state == NoticeState.SCHEDULED and was.due_at is not None
    return same and is_scheduled and was.due_at is not None and broadcast.schedule(tx, seen, was.due_at)


def _go_on(seen: Notice, options: argparse.Namespace) -> str:
    parts = [f"passerelle broadcast send --draft {seen.id}"]
    parts += [f"--file {options.file}"] if options.file else []
    parts += ["--at MOMENT"] if options.at and seen.due_at is None else []
    return " ".join(parts)


def _show(seen: Notice, counted: Count, opened: Opened) -> None:
    """Each language as its readers get it, and how many they are."""
    print(f"To {reports.whom(seen)}")
    for language in sorted({*seen.texts, *counted.languages}):
        if not seen.in_(language):
            continue
        looks = detect.detect(seen.in_(language), hint=language, languages=opened.published.event.details.languages)
        if language in seen.texts and base(looks) != base(language):
            print(f"\nPlease check: the text in {language} looks as if it were in {base(looks)}.")
        reply = wording.worded(seen, words_for(opened.published, language), False)
        print(f"\n{language}:")
        print(*(f"  | {line}" for line in reply.text.plain().splitlines()), sep="\n")
        if reply.buttons:
            print("  |", *(f"[{button.label}]" for button in reply.buttons))
    print()
    channels = sorted({channel for channel, _ in counted.by})
    for channel in channels:
        by = {language: n for (each, language), n in sorted(counted.by.items()) if each == channel}
        print(f"{channel:<9} {sum(by.values()):>6}  ", "  ".join(f"{language} {n}" for language, n in by.items()))
    for line in reports.left_out(counted, "announcements"):
        print(line)

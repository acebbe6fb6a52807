"""/session: organizers change the programme from chat, on one card: what it was, what it becomes, whom that touches."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any

from bot.answers import titles
from bot.answers.normalise import plain
from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context, Replies
from bot.conversation.router import on
from bot.event.model import Event, Place, Session, Status
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState
from bot.programme import edits, facts, queries, seats, touched, worded
from bot.programme.touched import Touched
from bot.programme.versions import Published
from bot.text import formats
from bot.text.markup import Markup
from handlers import cards, doubted, everything_else, feedback, sessions_published, slots
from handlers.announcements import button
from handlers.organizers import takes_text, with_notice

HOUR = r"(\d{1,2})\s?[:：hH时時点點.]\s?(\d{2})?分?"
HOURS = re.compile(rf"^(?:de |from |à |at |从|下午|上午)?\s*{HOUR}(?:\s*(?:[-–—~～à到至]|to)+\s*{HOUR})?\s*$")
ROOMS = 24
ROOMY = ("room", "venue")  # kinds of places in which a session may be
UNDATED = "-"
DAYS = 14
FOUND = 12  # sessions that the words after the command may mean
MOST_SEATS = 100_000


# --- which session


@on.command("session", "Change a session (organizers)", for_organizers=True)
def choose(ctx: Context, *words: str) -> Reply:
    """The sessions of the day, or of the first one that comes; those that `words` name, and its card where that is
    one."""
    if not ctx.is_organizer:
        return everything_else.unknown_command(ctx, "session")
    named = [ctx.event.session[words[0]]] if words and words[0] in ctx.event.session else []
    named = named or titles.of(ctx.event).find(" ".join(words), FOUND)
    if len(named) == 1:
        return edit(ctx, named[0].id)
    if named:
        return Reply(text=ctx.say("**Which session changes?**"), buttons=tuple(_each(ctx, named)), replaces=True)
    days, today = queries.days(ctx.event), ctx.say.local(ctx.now).date()
    ahead = [day for day in days if day >= today] or days
    return _of_day(ctx, ahead[0].isoformat() if ahead else "")


@on.press("session-day")
def of_day(ctx: Context, day: str = "", *_: str) -> Reply:
    return _of_day(ctx, day) if ctx.is_organizer else everything_else.unknown_button(ctx)


def _of_day(ctx: Context, day: str) -> Reply:
    say, event = ctx.say, ctx.event
    days = queries.days(event)
    shown = next((each for each in days if each.isoformat() == day), None)
    buttons = _each(ctx, queries.on_day(event, shown))
    buttons += [cards.button(say.date(each), "session-day", each.isoformat()) for each in days if each != shown]
    if shown and queries.on_day(event, None):
        buttons.append(cards.button(say.text("Date to be confirmed"), "session-day", UNDATED))
    if ctx.published.number > 1:
        buttons.append(cards.button(say.p("button", "Undo the last change"), "session-undo", str(ctx.published.number)))
    text = say("**Which session changes?**")
    return Reply(text=text + say.plain(say.date(shown)) if shown else text, buttons=tuple(buttons), replaces=True)


def _each(ctx: Context, sessions: Iterable[Session]) -> list[Button]:
    say = ctx.say
    return [
        cards.button(f"{facts.hour(session, say)} {session.title.in_(say.language)}", "session-edit", session.id)
        for session in sessions
    ]


@on.press("session-edit")
def edit(ctx: Context, session_id: str = "", *_: str) -> Reply:
    """The card of a change that has nothing in it yet."""
    if not ctx.is_organizer:
        return everything_else.unknown_button(ctx)
    if session_id not in ctx.event.session:
        return choose(ctx)
    author = f"{ctx.update.channel}:{ctx.update.address}"
    made = broadcast.draft(ctx.tx, author=author, now=ctx.now, kind="changes")
    return _kept(ctx, made, {"session": session_id, "values": {}, "reason": {}})


# --- what changes


@on.press("session-hours")
@with_notice
def ask_hours(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _asked_hours(ctx, seen)


def _asked_hours(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    text = (note or Markup()) + ctx.say(
        "**Write the new hours**, for example {example}. The start alone keeps the length.", example="14:30-16:00"
    )
    return Reply(text=text, buttons=(_back(ctx, seen),), replaces=True, expects=_expects("session-hours", seen))


@takes_text("session-hours")
def take_hours(ctx: Context, seen: Notice, text: str) -> Replies:
    """Read the hours, or say what is wrong with them."""
    read, session = _hours(text), _session(ctx, seen)
    if session is None:
        return _over(ctx)
    if read is None:
        return _asked_hours(ctx, seen, ctx.say("I could not read hours in that. The day has a button of its own."))
    start, end = read
    if end is None and session.start and session.end:
        until = _minutes(start) + _minutes(session.end) - _minutes(session.start)
        end = time(*divmod(until, 60)) if until < 24 * 60 else None
    if end is not None and end <= start:
        return _asked_hours(ctx, seen, ctx.say("The end must come after the start."))
    return _changed(ctx, seen, start=start.isoformat(), end=end.isoformat() if end else None)


@on.press("session-days")
@with_notice
def ask_day(ctx: Context, seen: Notice, *_: str) -> Reply:
    """The days of the event, a button each."""
    details = ctx.event.details
    every = [details.starts + timedelta(days=n) for n in range((details.ends - details.starts).days + 1)][:DAYS]
    buttons = [button(ctx.say.date(day), "session-on", seen, day.isoformat()) for day in every]
    return Reply(text=ctx.say("**Which day?**"), buttons=(*buttons, _back(ctx, seen)), replaces=True)


@on.press("session-on")
@with_notice
def take_day(ctx: Context, seen: Notice, day: str = "", *_: str) -> Reply:
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return everything_else.unknown_button(ctx)
    if not ctx.event.details.starts <= wanted <= ctx.event.details.ends:
        return everything_else.unknown_button(ctx)
    return _changed(ctx, seen, day=wanted.isoformat())


@on.press("session-rooms")
@with_notice
def ask_room(ctx: Context, seen: Notice, *_: str) -> Reply:
    """The rooms of the event, a button each; or one typed."""
    return _asked_room(ctx, seen)


def _asked_room(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    say = ctx.say
    rooms = _rooms(ctx.event)
    buttons = [button(place.name.in_(say.language), "session-room", seen, place.id) for place in rooms[:ROOMS]]
    buttons.append(button(say.p("button", "To be confirmed"), "session-room", seen, "-"))
    text = (note or Markup()) + say("**Which room?**")
    if not any(place.kind == "room" for place in rooms):
        text += say("The event’s data names no rooms yet: whoever keeps them can add some to places.yaml.")
    expects = _expects("session-room", seen)
    return Reply(text=text, buttons=(*buttons, _back(ctx, seen)), replaces=True, expects=expects)


def _rooms(event: Event) -> list[Place]:
    """The event's rooms, then the places that have any: where it names no rooms, a session may still be moved there."""
    return sorted((each for each in event.places if each.kind in ROOMY), key=lambda each: ROOMY.index(each.kind))


@takes_text("session-room")
def name_room(ctx: Context, seen: Notice, text: str) -> Replies:
    """The room of that name, in any language."""
    rooms = _rooms(ctx.event)
    named = {place.id: {plain(name) for name in (*place.name.as_dict().values(), *place.aliases)} for place in rooms}
    found = [id_ for id_, names in named.items() if plain(text) in names]
    if len(found) != 1:
        return _asked_room(ctx, seen, ctx.say("I know no room of that name."))
    return _changed(ctx, seen, place=found[0])


@on.press("session-room")
@with_notice
def take_room(ctx: Context, seen: Notice, place: str = "", *_: str) -> Reply:
    if place != "-" and place not in ctx.event.place:
        return everything_else.unknown_button(ctx)
    return _changed(ctx, seen, place=None if place == "-" else place)


@on.press("session-seats")
@with_notice
def ask_seats(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _asked_seats(ctx, seen)


def _asked_seats(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    text = (note or Markup()) + ctx.say("**Write the number of seats**, or 0 for no limit.")
    return Reply(text=text, buttons=(_back(ctx, seen),), replaces=True, expects=_expects("session-seats", seen))


@takes_text("session-seats", numbers=True)
def take_seats(ctx: Context, seen: Notice, text: str) -> Replies:
    numbers = re.findall(r"\d+", text)
    if len(numbers) != 1:
        return _asked_seats(ctx, seen, ctx.say("I could not read a number in that."))
    if len(numbers[0]) > 9 or int(numbers[0]) > MOST_SEATS:
        most = formats.number(MOST_SEATS, ctx.say.language)
        return _asked_seats(ctx, seen, ctx.say("That is too many: at most {most}, or 0 for no limit.", most=most))
    return _changed(ctx, seen, capacity=int(numbers[0]) or None)


@on.press("session-status")
@with_notice
def take_status(ctx: Context, seen: Notice, status: str = "", *_: str) -> Reply:
    if status not in (Status.CANCELLED, Status.CONFIRMED, Status.PROVISIONAL):
        return everything_else.unknown_button(ctx)
    return _changed(ctx, seen, status=status)


@on.press("session-why")
@with_notice
def ask_reason(ctx: Context, seen: Notice, language: str = "", *_: str) -> Reply:
    """Ask why, in a language."""
    if language not in ctx.event.details.languages:
        return everything_else.unknown_button(ctx)
    say = ctx.say
    text = say("**Write the reason in {language}**, in a few words.", language=say.language_name(language))
    expects = _expects("session-why", seen, language)
    return Reply(text=text, buttons=(_back(ctx, seen),), replaces=True, expects=expects)


@takes_text("session-why")
def take_reason(ctx: Context, seen: Notice, language: str, text: str) -> Replies:
    kept: dict[str, Any] = dict(seen.pending)
    kept["reason"] = {**kept.get("reason", {}), language: " ".join(text.split())[:200]}
    return _kept(ctx, seen, kept)


@on.press("session-nowhy")
@with_notice
def drop_reason(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _kept(ctx, seen, {name: value for name, value in seen.pending.items() if name != "reason"})


# --- the card


@on.press("session-card")
@with_notice
def show(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _card(ctx, seen)


def _card(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    """What it was, what it becomes, whom that touches, what can hardly be meant."""
    say, session = ctx.say, _session(ctx, seen)
    if session is None or seen.state != NoticeState.DRAFT:
        return _over(ctx)
    new, found = _after(ctx, seen)
    now = [
        say.text("When: {when}", when=facts.when(session, say)),
        say.text("Where: {place}", place=facts.place_name(ctx.event, session, say)),
    ]
    now += [say.text("Seats: {n}", n=str(session.capacity))] if session.capacity is not None else []
    taken, waiting = seats.standing(ctx.tx, session.id)
    now += [say.n("{n} seat taken", "{n} seats taken", taken).plain()] if taken else []
    now += [say.n("{n} person waits", "{n} persons wait", waiting).plain()] if waiting else []
    text = (note or Markup()) + sessions_published.block(session.title.in_(say.language), now)
    text += slots.standing(ctx, session) + feedback.figures(ctx, session)
    reason, values = _reason(seen), _values(seen)
    if values:
        lines = [line for each in found for line in worded.changed(each, ctx.event, new.event, say)]
        if "capacity" in values:
            limit = values["capacity"]
            lines.append(say.text("Seats: {n}", n=str(limit)) if limit else say.text("Seats: no limit"))
        text += sessions_published.block(say.text("What changes"), lines or [say.text("Nothing that readers see.")])
        text += (
            _seats(ctx, values, taken, waiting)
            + sessions_published.whom(ctx, new.event, found)
            + _doubts(ctx, new.event)
        )
    for language, why in reason.items():
        name = say.language_name(language)
        text += say("Why ({language}): {reason}", language=name, reason=why)
    missing = [tag for tag in ctx.event.details.languages if reason and tag not in reason]
    if missing:
        names = say.list([say.language_name(tag) for tag in missing])
        text += say("The reason is still missing in: {languages}.", languages=names)
        text += say("**What you write next is the reason in {language}.**", language=say.language_name(missing[0]))
    buttons = (*_buttons(ctx, seen, session, ready=bool(values) and not missing),)
    expects = _expects("session-why", seen, missing[0]) if missing else ""
    return Reply(text=text, buttons=buttons, replaces=True, expects=expects)


def _buttons(ctx: Context, seen: Notice, session: Session, *, ready: bool) -> list[Button]:
    say = ctx.say
    buttons = []
    if ready:
        buttons = [
            button(say.p("button", "Publish, tell in a minute"), "session-go", seen, "soon", str(seen.version)),
            button(say.p("button", "Publish, tell now"), "session-go", seen, "now", str(seen.version)),
            button(say.p("button", "Publish, tell nobody"), "session-go", seen, "quiet", str(seen.version)),
        ]
    buttons += [
        button(say.p("button", "Hours"), "session-hours", seen),
        button(say.p("button", "Day"), "session-days", seen),
        button(say.p("button", "Room"), "session-rooms", seen),
        button(say.p("button", "Seats"), "session-seats", seen),
    ]
    status = _values(seen).get("status", session.status)
    if status == Status.CANCELLED:
        buttons.append(button(say.p("button", "It takes place"), "session-status", seen, Status.CONFIRMED))
    else:
        buttons.append(button(say.p("button", "Cancel the session"), "session-status", seen, Status.CANCELLED))
    if _values(seen):
        for tag in ctx.event.details.languages:
            name = say.language_name(tag)
            buttons.append(button(say.p("button", "Why, in {language}", language=name), "session-why", seen, tag))
    if _reason(seen):
        buttons.append(button(say.p("button", "No reason"), "session-nowhy", seen))
    buttons.append(cards.button(say.p("button", "Another session"), "session-day", str(session.day or "")))
    return buttons


def _seats(ctx: Context, values: Mapping[str, Any], taken: int, waiting: int) -> Markup:
    """What another number of seats does to those who have one or wait for one."""
    say = ctx.say
    if "capacity" not in values:
        return Markup()
    limit = values["capacity"]
    if limit is not None and limit < taken:
        return say("That is fewer than are taken: nobody loses theirs, and nobody new gets one until there is room.")
    free = waiting if limit is None else min(waiting, limit - taken)
    offered = say.n("{n} seat goes to the waiting list.", "{n} seats go to the waiting list.", free)
    return offered if free else Markup()


def _doubts(ctx: Context, event: Event) -> Markup:
    lines = doubted.lines(ctx, event)
    return sessions_published.block(ctx.say.text("Is this meant?"), lines) if lines else Markup()


# --- publish it


@on.press("session-go")
@with_notice
def publish(ctx: Context, seen: Notice, how: str = "", version: str = "", *_: str) -> Reply:
    """Publish the change; of two presses one does it: a compare-and-set on the draft."""
    if seen.state != NoticeState.DRAFT or not _values(seen) or _session(ctx, seen) is None:
        return _over(ctx)
    if version != str(seen.version) or broadcast.edit(ctx.tx, seen, pending={}) is None:
        return _card(ctx, broadcast.get(ctx.tx, seen.id), ctx.say("It was changed meanwhile: look at it once more."))
    new, _found = _after(ctx, seen)
    broadcast.cancel(ctx.tx, seen.id, ctx.now)
    return sessions_published.publish(ctx, new, seen.author, how)


# --- small things


def _after(ctx: Context, seen: Notice) -> tuple[Published, list[Touched]]:
    """The version that the change would make, and what of it touches readers."""
    id_ = str(seen.pending["session"])
    event, kept = edits.change(ctx.event, ctx.published.edits, id_, _values(seen))
    new = Published(0, ctx.now, ctx.published.digest, event, _reason(seen), kept)
    return new, [*touched.between(ctx.event, event, ctx.now)]


def _changed(ctx: Context, seen: Notice, **values: Any) -> Reply:
    kept: dict[str, Any] = dict(seen.pending)
    return _kept(ctx, seen, {**kept, "values": {**kept.get("values", {}), **values}})


def _kept(ctx: Context, seen: Notice, pending: Mapping[str, Any]) -> Reply:
    if seen.state != NoticeState.DRAFT or "session" not in pending:
        return _over(ctx)
    edited = broadcast.edit(ctx.tx, seen, pending=dict(pending))
    if edited is None:
        return _card(ctx, broadcast.get(ctx.tx, seen.id), ctx.say("It was changed meanwhile: look at it once more."))
    return _card(ctx, edited)


def _values(seen: Notice) -> Mapping[str, Any]:
    values: Any = seen.pending.get("values", {})
    return dict(values)


def _reason(seen: Notice) -> Mapping[str, str]:
    reason: Any = seen.pending.get("reason", {})
    return dict(reason)


def _session(ctx: Context, seen: Notice) -> Session | None:
    return ctx.event.session.get(str(seen.pending.get("session", "")))


def _hours(text: str) -> tuple[time, time | None] | None:
    """(start, end) in a text, the end None where it says none; None of one that says neither."""
    found = HOURS.match(text.replace(formats.JOINED, "").strip())  # as they are shown, and copied
    if found is None:
        return None
    numbers = [int(each) if each else 0 for each in found.groups()]
    try:
        start = time(numbers[0], numbers[1])
        return start, time(numbers[2], numbers[3]) if found[3] else None
    except ValueError:
        return None


def _minutes(hour: time) -> int:
    return hour.hour * 60 + hour.minute


def _over(ctx: Context) -> Reply:
    return Reply(text=ctx.say("This change is done or no longer there."), buttons=(sessions_published.again(ctx),))


def _back(ctx: Context, seen: Notice) -> Button:
    return button(ctx.say.p("button", "Go back"), "session-card", seen)


def _expects(name: str, seen: Notice, *args: str) -> str:
    return Action(name, (str(seen.id), *args)).pack()

"""What comes by the clock: a reminder before each of one's sessions, one's day in the morning."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.chat.reply import Button, Reply
from bot.conversation.router import on
from bot.event.model import Event, Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.programme import facts
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards

DAY_SHOWN = 14  # sessions of a day in one message


def parts(event: Event, sessions: Sequence[Session], words: Callable[[str], Words]) -> dict[str, dict[str, Any]]:
    """What to say of each session, by its id, as JSON: by language its `day`, `title`, `hour`, `where` and how it is
    interpreted; and its `place`. words: language -> its Words."""
    told: dict[str, dict[str, Any]] = {}
    for session in sessions:
        part: dict[str, Any] = {"place": session.place if session.place in event.place else ""}
        for name, worded in (("day", _day), ("title", _title), ("hour", _hour), ("where", _where), ("ears", _ears)):
            part[name] = {language: worded(event, session, words(language)) for language in event.details.scripts}
        told[session.id] = part
    return told


def texts(told: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    """The whole of it by language, as an organizer finds it in lists and reports."""
    return {
        language: "\n".join(f"{part['title'][language]}, {part['hour'][language]}" for part in told.values())
        for language in languages
    }


def _day(_: Event, session: Session, say: Words) -> str:
    return say.date(session.day) if session.day else ""


def _title(_: Event, session: Session, say: Words) -> str:
    return session.title.in_(say.language)


def _hour(_: Event, session: Session, say: Words) -> str:
    return facts.hour(session, say)


def _where(event: Event, session: Session, say: Words) -> str:
    return facts.place_name(event, session, say)


def _ears(_: Event, session: Session, say: Words) -> str:
    """The languages it is interpreted into, "" where that is not known."""
    if not session.interpretation:
        return ""
    spoken = say.list([say.language_name(language) for language in session.interpretation])
    return say.text("Interpretation: {languages}", languages=spoken)


@on.notice("reminders")
def reminder(notice: Notice, say: Words, silent: bool, goes: Sequence[str]) -> Reply:
    """A session that begins soon: its hour, its room, the way there; and how to give the place back. goes: as of
    `changes.changed`."""
    text, buttons = Markup(), list[Button]()
    for id_, part in theirs(notice, goes):
        text += told(part, say)
        if part["place"]:
            buttons.append(cards.button(say.p("button", "How to get there"), "place", part["place"]))
        buttons.append(cards.button(say.p("button", "I can’t come"), "leave", id_))
    buttons.append(cards.button(say.p("button", "No more reminders"), "prefer", "reminders", "off"))
    return Reply(text=say("**Soon**") + text, buttons=tuple(buttons), silent=silent)


def told(part: Mapping[str, Any], say: Words) -> Markup:
    """A session that begins soon: its hour, its room, its languages. part: as of `parts`."""
    where = say.text("Where: {place}", place=_in(part, "where", say))
    return _session(_in(part, "title", say), [_in(part, "hour", say), where, _in(part, "ears", say)])


@on.notice("digest")
def digest(notice: Notice, say: Words, silent: bool, goes: Sequence[str]) -> Reply:
    """The reader's sessions of the day, in its order."""
    own = theirs(notice, goes)
    text = say("**Your day: {day}**", day=_in(own[0][1], "day", say)) if own else Markup()
    for _, part in own[:DAY_SHOWN]:
        text += _session(_in(part, "title", say), [" · ".join((_in(part, "hour", say), _in(part, "where", say)))])
    if len(own) > DAY_SHOWN:
        text += say("And {n} more: see your agenda.", n=str(len(own) - DAY_SHOWN))
    first = next((part["place"] for _, part in own if part["place"]), "")
    if first:  # ends in a question: on WeChat, whoever answers can be written to for two days more
        text += say("Shall I show you the way to the first one?")
    else:
        text += say("Would you like to see what else is on today?")
    buttons = (
        *((cards.button(say.p("button", "Show me the way"), "place", first),) if first else ()),
        cards.button(say.p("button", "My agenda"), "agenda"),
        cards.button(say.p("button", "What else is on?"), "programme"),
        cards.button(say.p("button", "Not in the morning"), "prefer", "digest", "off"),
    )
    return Reply(text=text, buttons=buttons, silent=silent)


def theirs(notice: Notice, goes: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """The sessions of the notice that the reader goes to; of one for whom none counts any more, all."""
    parts_ = notice.parts or {}
    return [(id_, parts_[id_]) for id_ in parts_ if id_ in goes] or [*parts_.items()]


def _session(title: str, lines: Sequence[str]) -> Markup:
    spans = (Span(title, bold=True), *(Span(f"\n{line}") for line in lines if line))
    return Markup((Paragraph(spans),))


def _in(part: Mapping[str, Any], name: str, say: Words) -> str:
    return Texts(part[name]).in_(say.language)

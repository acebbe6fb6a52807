"""What the team sees of a ticket: its card, and what stands beside it. Pure functions, by kind in the register."""

from collections.abc import Sequence
from datetime import datetime

from bot.chat.reply import Button, Reply
from bot.conversation.router import on
from bot.desk.tables import TicketState
from bot.desk.tickets import Said, Ticket
from bot.desk.undelivered import LOST
from bot.event.model import Entry, Event
from bot.programme.facts import Facts
from bot.text import splitting
from bot.text.formats import capital
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import audiences, cards

ROOM = 3000  # UTF-16 units of messages on a card, of 4,096 in all
FIRST = 1500  # ...and of the question itself
CANNED = 500  # of an answer that is shown before it is sent
ELLIPSIS = "…"
ALONE = "alone"  # of an organizer in a chat of their own
Args = tuple[str, ...]


@on.shown("card")
def card(event: Event, seen: Ticket, args: Args, say: Words, now: datetime) -> Reply:
    """The ticket as it stands. args: ALONE, and then who reads it, as in `taken_by`."""
    is_alone, reader = ALONE in args, args[-1] if args else ""
    text = _standing(seen, say, reader)
    if seen.urgent:
        text += say("**It reads as an emergency.**")
    text += say(
        "{language}, {channel}, {when}",
        language=say.language_name(seen.language),
        channel=audiences.channel_name(seen.channel, say),
        when=f"{say.date(seen.created_at)} {say.time(seen.created_at)}",
    )
    text += Markup.join(_said(event, each, say, size) for each, size in _fitting(seen.said))
    if seen.state != TicketState.CLOSED and not is_alone:
        text += say("Answer this message, or write in its topic: it goes to the delegate.")
    return Reply(text=text, buttons=_buttons(seen, say, reader, is_alone=is_alone), replaces=True)


def _standing(seen: Ticket, say: Words, reader: str) -> Markup:
    name = seen.taken_name or say.text("a colleague")
    match seen.state:
        case TicketState.OPEN:
            return say("**Question {n}: open**", n=str(seen.id))
        case TicketState.TAKEN if seen.taken_at and seen.taken_by == reader:
            return say("**Question {n}: yours, since {time}**", n=str(seen.id), time=say.time(seen.taken_at))
        case TicketState.TAKEN if seen.taken_at:
            return say(
                "**Question {n}: taken by {name}, {time}**", n=str(seen.id), name=name, time=say.time(seen.taken_at)
            )
    return say("**Question {n}: closed**", n=str(seen.id))


def _buttons(seen: Ticket, say: Words, reader: str, *, is_alone: bool) -> tuple[Button, ...]:
    id_ = str(seen.id)
    if seen.state == TicketState.CLOSED:
        return (cards.button(say.p("button", "Reopen the question"), "team-reopen", id_),)
    buttons = []
    if seen.state == TicketState.OPEN:
        buttons.append(cards.button(say.p("button", "Take"), "team-take", id_))
    elif not is_alone or seen.taken_by == reader:
        buttons.append(cards.button(say.p("button", "Give back"), "team-back", id_))
    if is_alone:
        buttons.append(cards.button(say.p("button", "Write an answer"), "team-write", id_))
    if seen.entries:
        buttons.append(cards.button(say.p("button", "Answer with…"), "team-answers", id_))
    return (*buttons, cards.button(say.p("button", "Close the question"), "team-close", id_))


def _fitting(said: Sequence[Said]) -> list[tuple[Said, int]]:
    """The question and the newest of the rest that fit, each with how much of it is shown."""
    shown = [each for each in said if not each.held]
    out, left = [], ROOM - FIRST
    for each in reversed(shown[1:]):
        size = min(splitting.size(each.text or each.entry, "utf16") + 80, 500)
        if size > left:
            break
        left -= size
        out.append((each, size - 80))
    return [*[(each, FIRST) for each in shown[:1]], *reversed(out)]


def _said(event: Event, each: Said, say: Words, size: int) -> Markup:
    text = each.text
    entry = event.entry.get(each.entry)
    if entry is not None:
        text = say.text("Prepared answer: {question}", question=cards.asked(entry, say))
    words, *rest = splitting.split(text, max(size, 50), "utf16") or [""]
    shown = words + (ELLIPSIS if rest else "")
    if not each.author:
        return say("**Delegate**, {time}:", time=say.time(each.at)) + Markup.text(shown)
    name = each.name or say.text("an organizer")
    text_ = say("**{name}**, {time}:", name=name, time=say.time(each.at)) + Markup.text(shown)
    return text_ + say("**Not delivered.**") if each.tries >= LOST else text_


@on.shown("topic")
def topic(_: Event, seen: Ticket, __: Args, say: Words, ___: datetime) -> Reply:
    """The title of its topic: no word of the delegate's, since a title outlives its messages."""
    return Reply(text=say("Question {n} ({language})", n=str(seen.id), language=say.language_name(seen.language)))


@on.shown("added")
def added(_: Event, seen: Ticket, args: Args, say: Words, __: datetime) -> Reply:
    text = next((each.text for each in seen.said if str(each.id) in args), "")
    return Reply(text=say("The delegate adds:") + Markup.text(text))


@on.shown("reopened")
def reopened(_: Event, __: Ticket, ___: Args, say: Words, ____: datetime) -> Reply:
    return Reply(text=say("Not solved: the delegate has reopened this question."))


@on.shown("lost")
def lost(_: Event, __: Ticket, ___: Args, say: Words, ____: datetime) -> Reply:
    return Reply(text=say("The answer did not arrive: this delegate cannot be reached at the moment."))


@on.shown("words")
def words(_: Event, __: Ticket, ___: Args, say: Words, ____: datetime) -> Reply:
    return Reply(text=say("Only words are passed on to the delegate, no files and no pictures."))


@on.shown("long")
def long(_: Event, __: Ticket, args: Args, say: Words, ___: datetime) -> Reply:
    return Reply(text=say("Only its first {n} characters were passed on.", n=args[0]))


@on.shown("erased")
def erased(_: Event, __: Ticket, ___: Args, say: Words, ____: datetime) -> Reply:
    return Reply(text=say("The delegate has had this question erased."))


@on.shown("ask")
def ask(_: Event, seen: Ticket, args: Args, say: Words, now: datetime) -> Reply:
    """Somebody else has it: send all the same? args: the id of what is held."""
    if seen.state == TicketState.CLOSED or seen.taken_at is None:
        text = say("This question is closed. Send anyway?")
    else:
        name = seen.taken_name or capital(say.text("a colleague"))
        minutes = int((now - seen.taken_at).total_seconds() // 60)
        text = (
            say.n("{name} took this {n} minute ago. Send anyway?", "{name} took this {n} minutes ago. Send anyway?",
                  minutes, name=name)
            if minutes
            else say("{name} has just taken this. Send anyway?", name=name)
        )  # fmt: skip
    buttons = (
        cards.button(say.p("button", "Send anyway"), "team-anyway", args[0]),
        cards.button(say.p("button", "Do not send"), "team-drop", args[0]),
    )
    return Reply(text=text, buttons=buttons)


@on.shown("answers")
def answers(event: Event, seen: Ticket, _: Args, say: Words, __: datetime) -> Reply:
    """The entries that may answer it, and a button that sends each in the delegate's language."""
    entries = [event.entry[id_] for id_ in seen.entries if id_ in event.entry]
    text = say("Which answer? It goes out in the delegate’s language, as the organizers wrote it.")
    for entry in entries:
        first, *rest = splitting.split_markup(canned(event, entry, say), CANNED, "utf16")
        text += Markup.text(cards.asked(entry, say)) + first + (Markup.text(ELLIPSIS) if rest else Markup())
    send = [cards.button(cards.asked(entry, say), "team-entry", str(seen.id), cards.code(entry)) for entry in entries]
    return Reply(text=text, buttons=tuple(send))


def canned(event: Event, entry: Entry, say: Words) -> Markup:
    """An entry's answer, word for word, in the language of `say`."""
    return say.markup_with(entry.answer.in_(say.language), Facts(event, say))

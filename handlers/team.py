"""What the team does with tickets: in its room, and organizers each in a chat of their own.

In the room nothing is answered to who acts: the card follows what is in the database. Alone, the card comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bot.chat.action import is_id
from bot.chat.reply import Reply
from bot.chat.update import Room
from bot.conversation.context import Context, Turn
from bot.conversation.router import on
from bot.desk import room, tickets, undelivered
from bot.desk.tickets import Answered, Member, Ticket
from bot.people import accounts
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards, everything_else, tickets_shown
from handlers import tickets as told

HANDED_OVER = 20  # open questions that are shown to organizers where the room is lost
# Whose first argument is the ticket's id.
OF_CARDS = ("team-take", "team-back", "team-answers", "team-close", "team-reopen")


@dataclass(frozen=True, slots=True)
class Shows:
    """What whoever acts is to see next. kind: as in tickets_shown; "card" is shown by itself in the room."""

    ticket: Ticket
    kind: str = "card"
    args: tuple[str, ...] = ()


Act = Callable[..., Shows | None]


def press(name: str, *, writes: bool = False) -> Callable[[Act], Act]:
    """For a button of a card, whose first argument is an id: called with (turn, who, id, *what else it carries).

    writes: what an organizer writes after it, in a chat of their own, is the answer.
    """

    def decorate(act: Act) -> Act:
        @on.team(f"press {name}")
        def in_the_room(ctx: Turn, id_: str = "", *args: str) -> None:
            if is_id(id_):
                _show_in_room(ctx, act(ctx, _member(ctx), int(id_), *args))

        @on.press(name)
        def alone(ctx: Context, id_: str = "", *args: str) -> Reply:
            if not ctx.is_organizer or not is_id(id_):
                return everything_else.unknown_button(ctx)
            shows = act(ctx, _organizer(ctx), int(id_), *args)
            if shows is None and name in OF_CARDS and tickets.is_erased(ctx.tx, int(id_)):
                return Reply(text=ctx.say("The delegate has had this question erased."))
            reply = _show_alone(ctx, shows)
            return _with_answer(ctx, reply, id_) if writes and shows else reply

        return act

    return decorate


def _with_answer(ctx: Context, reply: Reply, ticket_id: str) -> Reply:
    """After this the next text is the answer."""
    text = reply.text + ctx.say("Write your answer: it goes to the delegate.")
    return replace(reply, text=text, expects=f"team-write|{ticket_id}")


def _show_in_room(ctx: Turn, shows: Shows | None, under: str = "") -> None:
    if shows is not None and shows.kind != "card":
        tickets.post(ctx.tx, shows.ticket.id, shows.kind, *shows.args, under=under)


def _show_alone(ctx: Context, shows: Shows | None) -> Reply:
    """In a chat of one's own the card says what is one's own."""
    if shows is None:
        return Reply(text=ctx.say("Nothing was changed: this is done already."))
    wording = on.find("shown", shows.kind)
    assert wording is not None
    args = (*shows.args, tickets_shown.ALONE, _organizer(ctx).key) if shows.kind == "card" else shows.args
    reply = wording(ctx.event, shows.ticket, args, ctx.say, ctx.now)
    assert isinstance(reply, Reply)
    return reply


def _member(ctx: Turn) -> Member:
    assert ctx.update.room is not None
    return Member(f"{ctx.update.channel}:{ctx.update.author}", ctx.update.room.name)


def _organizer(ctx: Context) -> Member:
    return Member(f"{ctx.update.channel}:{ctx.update.author}", "")


# --- what is done


@press("team-take", writes=True)
def take(ctx: Turn, who: Member, ticket_id: int, *_: str) -> Shows | None:
    """Of two who press at once one has it; the delegate is told once."""
    taken = tickets.take(ctx.tx, ticket_id, who, ctx.now)
    if taken is None:
        return None
    if taken.is_news:
        told.tell_taken(ctx, taken.ticket)
    return Shows(taken.ticket)


@press("team-close")
def close(ctx: Turn, _: Member, ticket_id: int, *__: str) -> Shows | None:
    seen = tickets.close(ctx.tx, ticket_id, ctx.now)
    if seen is None:
        return None
    told.tell_closed(ctx, seen)
    return Shows(seen)


@press("team-back")
def give_back(ctx: Turn, who: Member, ticket_id: int, *_: str) -> Shows | None:
    """The delegate hears nothing of it: it is with the team, as before."""
    seen = tickets.give_back(ctx.tx, ticket_id, who)
    return Shows(seen) if seen else None


@press("team-reopen")
def open_again(ctx: Turn, _: Member, ticket_id: int, *__: str) -> Shows | None:
    seen = tickets.open_again(ctx.tx, ticket_id)
    if seen is None:
        return None
    told.tell_reopened(ctx, seen)
    return Shows(seen)


@press("team-answers")
def answers(ctx: Turn, _: Member, ticket_id: int, *__: str) -> Shows | None:
    seen = tickets.get(ctx.tx, ticket_id)
    return Shows(seen, "answers") if seen and seen.person_id is not None and seen.entries else None


@press("team-entry")
def send_entry(ctx: Turn, who: Member, ticket_id: int, code: str = "", *_: str) -> Shows | None:
    seen = tickets.get(ctx.tx, ticket_id)
    known = {cards.code(ctx.event.entry[id_]): id_ for id_ in seen.entries if id_ in ctx.event.entry} if seen else {}
    if code not in known:
        return None
    return _sent(ctx, tickets.answer(ctx.tx, ticket_id, who, ctx.now, entry=known[code]))


@press("team-anyway")
def send_anyway(ctx: Turn, who: Member, message_id: int, *_: str) -> Shows | None:
    return _sent(ctx, tickets.release(ctx.tx, message_id, who, ctx.now))


@press("team-drop")
def drop(ctx: Turn, _: Member, message_id: int, *__: str) -> Shows | None:
    seen = tickets.drop(ctx.tx, message_id)
    return Shows(seen) if seen else None


def _sent(ctx: Turn, answered: Answered | None) -> Shows | None:
    """Pass the answer on, or ask whoever gave it."""
    if answered is None:
        return None
    if answered.said.held:
        return Shows(answered.ticket, "ask", (str(answered.said.id),))
    told.tell_answer(ctx, answered.ticket, answered.said)
    return Shows(answered.ticket)


# --- what is written


@on.team("text")
def written(ctx: Turn, text: str) -> None:
    """An answer, where it stands under a card or in its topic; the team's own talk is left alone."""
    seen, where = _about(ctx)
    if seen is None or not text or text.startswith("/"):
        return
    shows = _sent(ctx, tickets.answer(ctx.tx, seen.id, _member(ctx), ctx.now, text=text))
    _show_in_room(ctx, shows, where.message)
    if len(text) > tickets.TEXT:
        tickets.post(ctx.tx, seen.id, "long", str(tickets.TEXT), under=where.message)


@on.team("media")
def shown(ctx: Turn, _: str) -> None:
    seen, where = _about(ctx)
    if seen is not None:
        tickets.post(ctx.tx, seen.id, "words", under=where.message)


def _about(ctx: Turn) -> tuple[Ticket | None, Room]:
    where, update = ctx.update.room, ctx.update
    assert where is not None
    place = f"{update.channel}:{update.address}"
    seen = tickets.at(ctx.tx, place, thread=where.thread, answers=where.answers)
    if seen is None and where.carried is not None and where.carried.name in OF_CARDS:
        # A card that was sent and not written down, as by a kill in between.
        seen = tickets.get(ctx.tx, int(where.carried.args[0])) if is_id("".join(where.carried.args[:1])) else None
    return seen, where


@on.press("team-write")
def write(ctx: Context, ticket_id: str = "", *_: str) -> Reply:
    """An organizer alone: their next text is the answer."""
    if not ctx.is_organizer or not is_id(ticket_id):
        return everything_else.unknown_button(ctx)
    return _with_answer(ctx, Reply(text=Markup()), ticket_id)


@on.reply_to("team-write", verbatim=lambda text: not text.startswith("/"), only=True)
def written_alone(ctx: Context, text: str, ticket_id: str = "", *_: str) -> Reply:
    ctx.notes.update(asked="", said="")
    if not ctx.is_organizer or not is_id(ticket_id) or not text.strip():
        return everything_else.unknown_button(ctx)
    answered = tickets.answer(ctx.tx, int(ticket_id), _organizer(ctx), ctx.now, text=text)
    return _show_alone(ctx, _sent(ctx, answered))


# --- what becomes of the room, and of answers


@on.team("moved")
def moved(ctx: Turn, to: str) -> None:
    """The group has another address: open questions get their cards there."""
    room.move(ctx.tx, ctx.update.address, to)


@on.team("left")
def left(ctx: Turn) -> None:
    """The bot was put out of it: organizers hear of it once, and get what is open and what is asked from now on."""
    if not room.switch(ctx.tx, ctx.update.address, False):
        return
    waiting = tickets.open_tickets(ctx.tx)
    for account, person in accounts.known(ctx.tx, ctx.organizers):
        ctx.tell(person, "desk off", partial(_off, len(waiting)), accounts=(account,))
    for seen in waiting[:HANDED_OVER]:
        told.tell_organizers(ctx, seen)


def _off(waiting: int, say: Words) -> Reply:
    text = say("**The help desk is off**: I can no longer write in the team’s group.")
    text += say.n("{n} question is open there.", "{n} questions are open there.", waiting)
    text += say("Add me to the group again, or have another one set. Until then questions come to you, in this chat.")
    return Reply(text=text)


@on.team("joined")
def joined(ctx: Turn) -> None:
    """Back again: cards follow by themselves."""
    if room.switch(ctx.tx, ctx.update.address, True):
        for account, person in accounts.known(ctx.tx, ctx.organizers):
            ctx.tell(person, "desk on", _on, accounts=(account,))


def _on(say: Words) -> Reply:
    return Reply(text=say("The help desk is on again: questions go to the team’s group."))


@on.team("press unshown")
def show_otherwise(ctx: Turn, ticket_id: str = "", *_: str) -> None:
    """Its card cannot be shown in the room: organizers get it."""
    seen = tickets.get(ctx.tx, int(ticket_id)) if is_id(ticket_id) else None
    if seen is not None and seen.person_id is not None:
        told.tell_organizers(ctx, seen, always=True)


@on.team("press lost")
def find_another_way(ctx: Turn, message_id: str = "", tries: str = "", *_: str) -> None:
    """An answer could not be delivered: on another account of the delegate's, or else the team is told."""
    found = undelivered.message(ctx.tx, int(message_id)) if is_id(message_id) and is_id(tries) else None
    if found is None or found.ticket.person_id is None:
        return
    others = [id_ for id_, _ in accounts.reachable(ctx.tx, found.ticket.person_id) if id_ != found.ticket.account_id]
    again = undelivered.try_again(ctx.tx, found.said.id, int(tries), is_last=not others)
    if again is not None and again.said.tries < undelivered.LOST:
        told.tell_answer(ctx, again.ticket, again.said, account=others[0])

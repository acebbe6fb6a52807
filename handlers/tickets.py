"""A question for humans, from the delegate's side: asked, added to, answered, closed, opened again."""

from collections.abc import Callable

from bot.answers import split
from bot.chat.action import action, is_id
from bot.chat.reply import Button, Reply
from bot.conversation.context import Context, Turn
from bot.conversation.router import on
from bot.desk import room, tickets, undelivered
from bot.desk.tables import TicketState
from bot.desk.tickets import Said, Ticket
from bot.event.model import Event
from bot.people import accounts
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards, everything_else, tickets_shown

EMERGENCY = "emergency"  # the topic of what must be answered before anything else
REPLY_SECONDS = 3600  # after the team's answer in which what is written is for the team
ENTRIES = 3  # that are suggested to the team


def can_be_asked(ctx: Context) -> bool:
    """Whether a question finds a team: its room, or an organizer in a chat of their own."""
    found = room.of(ctx.tx)
    return (found is not None and found.is_on) or bool(accounts.known(ctx.tx, ctx.organizers))


def ask(ctx: Context, contacts: Markup) -> Reply:
    """How the person's question stands, or what it is about. contacts: who can be reached otherwise."""
    say, seen = ctx.say, tickets.of(ctx.tx, ctx.person.id)
    said = ctx.reading.said
    if seen is not None:
        text = say("Your question is with the team:") + Markup.text(cards.cut(seen.said[0].text, 200))
        if seen.state == TicketState.TAKEN:
            text += say("Somebody of the team has taken it.")
        buttons = [_add(say), _solved(seen, say)]
        if said and said not in [each.text for each in seen.said]:
            buttons.insert(1, cards.button(say.p("button", "Add: {text}", text=said), "ticket-this"))
        return Reply(text=text + contacts, buttons=(*buttons, cards.button(say.p("button", "Menu"), "menu")))
    text = say("What is it about? Write it here in your own words: the team answers in this chat.")
    buttons = [cards.button(say.p("button", "Send: {text}", text=said), "ticket-this")] if said else []
    buttons += [
        cards.button(say.p("button", "Places and maps"), "places"),
        cards.button(say.p("button", "Menu"), "menu"),
    ]
    return Reply(text=text + contacts, buttons=tuple(buttons), expects="ticket")


def add_this(ctx: Context) -> tuple[Button, ...]:
    """Under what the bot could not answer: the way to a question that is with the team already."""
    is_open = tickets.of(ctx.tx, ctx.person.id) is not None
    return (cards.button(ctx.say.p("button", "Add to my question"), "ticket-this"),) if is_open else ()


@on.reply_to("ticket")
def take(ctx: Context, text: str) -> list[Reply]:
    """The question for the team. One that reads as an emergency is answered first."""
    outcome = ctx.reading.outcome
    likely = [*outcome.matches, *outcome.rest] if outcome else []
    known = [each.entry for each in (*likely, *(outcome.near if outcome else ())) if each.entry in ctx.event.entry]
    entries = [ctx.event.entry[each.entry] for each in likely if each.entry in ctx.event.entry]
    urgent = [cards.answer(ctx.event, each, ctx.say, ctx.now) for each in entries if each.topic == EMERGENCY][:1]
    return [*urgent, _begin(ctx, text, known, is_urgent=bool(urgent))]


@on.press("ticket-this")
def take_last(ctx: Context, *_: str) -> Reply:
    """The text before this press, to the team."""
    if not ctx.reading.said:
        return _ask_more(ctx) if tickets.of(ctx.tx, ctx.person.id) else ask(ctx, Markup())
    entry = ctx.event.entry.get(ctx.account.last_entry)
    known = [entry.id] if entry else []
    return _begin(ctx, ctx.reading.said, known, is_urgent=entry is not None and entry.topic == EMERGENCY)


@on.press("ticket-add")
def _ask_more(ctx: Context, *_: str) -> Reply:
    return Reply(text=ctx.say("Write what you want to add."), expects="ticket-add")


@on.reply_to("ticket-add")
def take_more(ctx: Context, text: str) -> list[Reply]:
    return take(ctx, text)


@on.reply_to("ticket-reply")
def reply(ctx: Context, text: str, at: str = "", *_: str) -> list[Reply]:
    """What is written right after the team's answer is for the team; a question that the bot can answer, it answers
    too."""
    question = on.find("content", "text")
    assert question is not None
    kind = ctx.reading.outcome.kind if ctx.reading.outcome else ""
    is_late = not is_id(at) or ctx.now.timestamp() - int(at) > REPLY_SECONDS
    is_for_team = not is_late and kind != "smalltalk" and tickets.of(ctx.tx, ctx.person.id) is not None
    if is_for_team and (kind != "answer" or not split.asks(text)):
        return [_begin(ctx, text, [], is_urgent=False)]
    told = question(ctx, text)
    answered = [told] if isinstance(told, Reply) else list(told)
    return [*answered, _begin(ctx, text, [], is_urgent=False)] if is_for_team else answered


def _begin(ctx: Context, text: str, entries: list[str], *, is_urgent: bool) -> Reply:
    say = ctx.say
    ctx.notes.update(asked="", said="")
    text = text.strip()
    if not text:
        return Reply(text=say("Your message arrived empty. What would you like to know?"), expects="ticket")
    full = tickets.of(ctx.tx, ctx.person.id)
    if full is not None and len(full.said) >= tickets.MOST:
        return Reply(text=say("Your question is long already: please wait for the team’s answer."))
    ticket, is_new = tickets.begin(
        ctx.tx, ctx.person.id, ctx.account.id, ctx.update.channel, text,
        language=ctx.reading.language or ctx.person.language, urgent=is_urgent,
        entries=list(dict.fromkeys(entries))[:ENTRIES], now=ctx.now,
    )  # fmt: skip
    tell_organizers(ctx, ticket)
    done = (
        say("Your question is with the team. The answer will come here.") if is_new else say("Added to your question.")
    )
    if len(text) > tickets.TEXT:
        done += say("Only its first {n} characters were passed on.", n=str(tickets.TEXT))
    return Reply(text=done, buttons=(_add(say), cards.button(say.p("button", "Menu"), "menu")))


@on.press("ticket-solved")
def solved(ctx: Context, ticket_id: str = "", *_: str) -> Reply:
    """Closed by its delegate."""
    if not is_id(ticket_id):
        return everything_else.unknown_button(ctx)
    seen = tickets.close(ctx.tx, int(ticket_id), ctx.now, person_id=ctx.person.id)
    if seen is None:
        return Reply(text=ctx.say("This question is closed already."), buttons=cards.menu(ctx.say)[:3])
    return Reply(text=ctx.say("Glad to hear it. Your question is closed."), buttons=(_reopen(seen, ctx.say),))


@on.press("ticket-reopen")
def reopen(ctx: Context, ticket_id: str = "", *_: str) -> Reply:
    """Not solved after all."""
    say = ctx.say
    is_done = is_id(ticket_id) and tickets.reopen(ctx.tx, int(ticket_id), ctx.person.id, ctx.account.id)
    seen = tickets.of(ctx.tx, ctx.person.id)
    if seen is None:
        return everything_else.unknown_button(ctx)
    if is_done:
        tell_organizers(ctx, seen)
    text = say("Your question is with the team again.") if is_done else say("A question of yours is with the team.")
    return Reply(text=text + say("Write what you want to add."), buttons=(_solved(seen, say),), expects="ticket-add")


def tell_organizers(ctx: Turn, ticket: Ticket, *, always: bool = False) -> None:
    """Where the team has no room, or always, organizers are shown the question, each in a chat of their own."""
    found = room.of(ctx.tx)
    if found is not None and found.is_on and not always:
        return
    event, now = ctx.event, ctx.now
    for account, person in accounts.known(ctx.tx, ctx.organizers):

        def wording(say: Words) -> Reply:
            return tickets_shown.card(event, ticket, (tickets_shown.ALONE,), say, now)

        ctx.tell(person, tickets.of_card(ticket.id), wording, accounts=(account,))


# --- what the team does, as the delegate is told


def tell_taken(ctx: Turn, seen: Ticket) -> None:
    _tell(ctx, seen, f"ticket:{seen.id}", lambda say: Reply(text=_taken(say), buttons=(_add(say),)))


def _taken(say: Words) -> Markup:
    return say("Somebody of the team has taken your question.")


def tell_answer(ctx: Turn, seen: Ticket, said: Said, *, account: int | None = None) -> None:
    """In words as written, by an entry in the delegate's own language. account: another than the one they asked on."""
    event, now = ctx.event, ctx.now

    def wording(say: Words) -> Reply:
        expects = action("ticket-reply", str(int(now.timestamp()))).pack()
        return Reply(text=answer(event, said, say), buttons=(_add(say), _solved(seen, say)), expects=expects)

    _tell(ctx, seen, undelivered.because(seen.id, said), wording, account)


def answer(event: Event, said: Said, say: Words) -> Markup:
    entry = event.entry.get(said.entry)
    if entry is not None:
        return say("The team’s answer:") + tickets_shown.canned(event, entry, say)
    return say("The team wrote:") + Markup.text(said.text)


def tell_closed(ctx: Turn, seen: Ticket) -> None:
    text = cards.cut(seen.said[0].text, 120) if seen.said else ""

    def wording(say: Words) -> Reply:
        closed = say("The team has closed your question: {text}", text=say.quoted(text))
        return Reply(text=closed, buttons=(_reopen(seen, say),))

    _tell(ctx, seen, f"ticket:{seen.id}", wording)


def tell_reopened(ctx: Turn, seen: Ticket) -> None:
    _tell(ctx, seen, f"ticket:{seen.id}", lambda say: Reply(text=_reopened(say), buttons=(_add(say),)))


def _reopened(say: Words) -> Markup:
    return say("The team has reopened your question.")


def _tell(ctx: Turn, seen: Ticket, because: str, wording: Callable[[Words], Reply], account: int | None = None) -> None:
    if seen.person_id is not None:
        to = account or seen.account_id
        ctx.tell(seen.person_id, because, wording, accounts=(to,) if to else ())


def _add(say: Words) -> Button:
    return cards.button(say.p("button", "Add to my question"), "ticket-add")


def _solved(seen: Ticket, say: Words) -> Button:
    return cards.button(say.p("button", "Solved, thank you"), "ticket-solved", str(seen.id))


def _reopen(seen: Ticket, say: Words) -> Button:
    return cards.button(say.p("button", "Not solved: reopen"), "ticket-reopen", str(seen.id))

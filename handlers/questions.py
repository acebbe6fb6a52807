"""Free text: the curated answer, word for word, or the nearest as buttons, or a kind no."""

from dataclasses import replace
from datetime import date, timedelta

from bot.answers.outcome import Match, Outcome
from bot.chat.reply import Button, Reply
from bot.conversation import choices
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.desk import unanswered
from bot.desk.tables import Fate
from bot.people import codes, participants, stay
from bot.programme import queries
from bot.text.markup import Markup
from handlers import agenda, cards, interest, linking, people, places, programme, themes, tickets

SUGGESTIONS = 3
LEAVING = "cancel-interest"  # the topic of who gives a session up


@on.content("text")
def text(ctx: Context, said: str) -> list[Reply]:
    """Whatever was said that is no command and no choice."""
    outcome = ctx.reading.outcome
    if told := _of_oneself(ctx, said):
        return [told]
    if not said.strip():
        return [
            Reply(text=ctx.say("Your message arrived empty. What would you like to know?"), buttons=cards.menu(ctx.say))
        ]
    if outcome is None:
        return [
            Reply(
                text=ctx.say("I cannot look for an answer right now. Please try again in a minute, or choose below."),
                buttons=cards.menu(ctx.say),
            )
        ]
    match outcome.kind:
        case "answer" | "command" if outcome.matches:
            ctx.notes["entry"] = outcome.matches[0].entry
            replies = [matched(ctx, match) for match in outcome.matches]
            if not outcome.rest:
                return replies
            _keep(ctx, said, outcome.language, Fate.SUGGESTED)
            return [*replies, suggest(ctx, replace(outcome, matches=outcome.rest))]
        case "suggest" if outcome.matches and not linking.looks_like_code(said):
            _keep(ctx, said, outcome.language, Fate.SUGGESTED)
            return [suggest(ctx, outcome)]
        case "smalltalk":
            return [smalltalk(ctx, outcome.smalltalk)]
    if linking.looks_like_code(said):
        return [linking.take(ctx, said)]
    if choices.number(said) is not None and len(ctx.account.choices) > 1:
        return [
            Reply(
                text=ctx.say(
                    "Please choose a number from 1 to {last}, or write your question.",
                    last=str(len(ctx.account.choices)),
                )
            )
        ]
    if outcome.smalltalk != "insult":
        _keep(ctx, said, outcome.language, Fate.REFUSED)
    return [refuse(ctx)]


def _of_oneself(ctx: Context, said: str) -> Reply | None:
    """The answer to whoever says their code, or asks of their own stay and can be told."""
    if (code := codes.said(said)) and participants.is_any(ctx.tx):
        return people.linked(ctx, code)
    return people.about(ctx, asked) if (asked := stay.asked(said)) else None


def _keep(ctx: Context, question: str, language: str, fate: Fate, answer: str = "") -> None:
    """For the organizers to see, once for each time it was asked. answer: the entry that did not help."""
    unanswered.keep(ctx.tx, question, language, fate, ctx.now, answer)
    ctx.notes["asked"] = ""


@on.press("ask")
def ask(ctx: Context, entry_id: str) -> Reply:
    """A suggested question, pressed."""
    ctx.notes["entry"] = entry_id
    return matched(ctx, Match(entry_id, "", 1.0))


@on.press("more")
def more(ctx: Context, entry_id: str) -> Reply:
    """A related question, pressed: no longer what was asked."""
    ctx.notes["asked"] = ""
    return ask(ctx, entry_id)


@on.press("again")
def ask_again(ctx: Context, entry_id: str) -> Reply:
    """An entry offered where another did not help; after this one only a person can."""
    ctx.notes["entry"] = entry_id
    entry = ctx.event.entry.get(entry_id)
    return cards.answer(ctx.event, entry, ctx.say, ctx.now, is_last=True) if entry else refuse(ctx)


@on.press("nohelp")
def did_not_help(ctx: Context, shown: str = "", *codes: str) -> Reply:
    """What else the question may have meant, and a person. Codes: of the entry shown, and of the next nearest."""
    by_code = {cards.code(entry): entry for entry in ctx.event.entries}
    if ctx.reading.asked:
        _keep(ctx, ctx.reading.asked, ctx.say.language, Fate.UNHELPED, by_code[shown].id if shown in by_code else "")
    others = [by_code[code] for code in codes if code in by_code and code != shown]
    human = cards.button(ctx.say.p("button", "Talk to a person"), "human")
    if not others:
        return Reply(text=ctx.say("Sorry about that. A person can help you."), buttons=(human,))
    buttons = [cards.ask(entry, ctx.say, "again") for entry in others[:SUGGESTIONS]]
    return Reply(text=ctx.say("Sorry about that. Is it one of these?"), buttons=(*buttons, human))


def matched(ctx: Context, match: Match) -> Reply:
    """The reply to one thing asked: an entry, or what the live programme says."""
    kind, _, rest = match.entry.partition(":")
    if kind == "live" and match.topic == LEAVING and rest.startswith("session/"):
        return interest.leave(ctx, rest.removeprefix("session/"))
    if kind == "live":
        return live(ctx, rest)
    entry = ctx.event.entry.get(match.entry)
    if entry is None:
        return refuse(ctx)
    nearest = [ctx.event.entry[other] for other in match.others if other in ctx.event.entry]
    return cards.answer(ctx.event, entry, ctx.say, ctx.now, nearest, beside=match.beside)


def live(ctx: Context, what: str) -> Reply:
    """What the live programme says of "now", "session/ID", "day/2014-11-07"…"""
    kind, _, rest = what.partition("/")
    today = ctx.say.local(ctx.now).date()
    match kind:
        case "now":
            return programme.now(ctx)
        case "next":
            return programme.upcoming(ctx)
        case "today" | "tomorrow":
            wanted: date = today if kind == "today" else today + timedelta(days=1)
            return (
                programme.day(ctx, wanted.isoformat(), rest)
                if wanted in queries.days(ctx.event)
                else programme.programme(ctx)
            )
        case "day":
            return programme.day(ctx, *rest.split("/"))
        case "session":
            return programme.session(ctx, rest)
        case "theme":
            return themes.theme(ctx, rest)
        case "place":
            return places.place(ctx, rest)
        case "agenda":
            return agenda.agenda(ctx)
    return programme.programme(ctx)


def suggest(ctx: Context, outcome: Outcome) -> Reply:
    """The nearest two or three as buttons, and a human."""
    buttons: list[Button] = []
    for match in outcome.matches[:SUGGESTIONS]:
        found = suggestion(ctx, match)
        if found and found not in buttons:
            buttons.append(found)
    buttons += tickets.add_this(ctx) or (cards.button(ctx.say.p("button", "Talk to a person"), "human"),)
    return Reply(text=ctx.say("I’m not sure I understood. Did you mean…"), buttons=tuple(buttons))


def suggestion(ctx: Context, match: Match) -> Button | None:
    say = ctx.say
    kind, _, rest = match.entry.partition(":")
    if kind != "live":
        entry = ctx.event.entry.get(match.entry)
        return cards.ask(entry, say) if entry else None
    what, _, id_ = rest.partition("/")
    match what:
        case "session" if id_ in ctx.event.session:
            return cards.button(ctx.event.session[id_].title.in_(say.language), "session", id_)
        case "place" if id_ in ctx.event.place:
            return cards.button(ctx.event.place[id_].name.in_(say.language), "place", id_)
        case "theme" if id_ in ctx.event.theme:
            return cards.button(ctx.event.theme[id_].name.in_(say.language), "theme", id_)
        case "now":
            return cards.button(say.p("button", "On now"), "now")
        case "next":
            return cards.button(say.p("button", "Up next"), "next")
        case "agenda":
            return cards.button(say.p("button", "My agenda"), "agenda")
    return cards.button(say.p("button", "Programme"), "programme")


def smalltalk(ctx: Context, kind: str) -> Reply:
    say = ctx.say
    what_else = say("Very good. What else would you like to know?")
    texts = {
        "greeting": say("Hello! What would you like to know about the event or your stay?"),
        "presence": say("Yes, I’m here. What would you like to know?"),
        "thanks": say("You’re welcome. Enjoy your stay!"),
        "praise": say("Thank you, that is kind. Anything else I can help with?"),
        "bye": say("Goodbye, and enjoy the event!"),
        "robot": say(
            "I’m the event’s assistant: a program, not a person. I give the answers that the organizers wrote."
        ),
        "name": say(
            "I’m the event’s assistant: a program, not a person. I give the answers that the organizers wrote."
        ),
        "wellbeing": say("All is well here. What can I do for you?"),
        "apology": say("No harm done. What would you like to know?"),
        "wish": say("Thank you, the same to you!"),
        "ok": what_else,
        "laughter": what_else,
        "joke": say("I am no good at jokes or songs, but I know the event well. What would you like to know?"),
    }
    return Reply(text=texts.get(kind, texts["greeting"]), buttons=cards.menu(say)[:4])


def refuse(ctx: Context) -> Reply:
    """What the bot is for, and a human."""
    say = ctx.say
    city = ctx.event.details.city.in_(say.language)
    about: Markup = say(
        "I only answer about {event} and your stay in {city}.",
        event=ctx.event.details.short_name.in_(say.language),
        city=city,
    )
    outcome = ctx.reading.outcome
    if outcome is not None and outcome.smalltalk == "insult":
        about = say("I’m sorry that you are not satisfied. A person can help you better than I can.")
    return Reply(text=about, buttons=(*tickets.add_this(ctx), *cards.menu(say)))

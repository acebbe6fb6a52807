"""What a publication changes, told to those whom it touches: written in every language when it is published, put
together for each reader from the sessions that they go to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.chat.reply import Button, Reply
from bot.conversation.router import on
from bot.event.model import Event, Session
from bot.event.texts import Texts
from bot.notices.broadcast import Notice
from bot.programme import facts
from bot.programme.touched import Touched, What
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards

BUTTONS = 4  # sessions with a button of their own: the agenda holds the others
SHOWN = 12  # sessions told of in one message: it is to fit into one


def parts(
    touched: Sequence[Touched], old: Event, new: Event, words: Callable[[str], Words]
) -> dict[str, dict[str, Any]]:
    """What to say of each session, by its id, as JSON: its `title`, its `text` and, by the id of the other session,
    its `clashes`, each by language. words: language -> its Words."""
    told: dict[str, dict[str, Any]] = {}
    for each in touched:
        told[each.after.id] = {"title": {}, "text": {}, "clashes": {other.id: {} for other in each.clashes}}
        for language in new.details.scripts:
            say, part = words(language), told[each.after.id]
            part["title"][language] = each.after.title.in_(language)
            part["text"][language] = "\n".join(_line(what, each, old, new, say) for what in each.what)
            for other in each.clashes:
                title = say.quoted(other.title.in_(language))
                part["clashes"][other.id][language] = say.text(
                    "It now overlaps with {title}, {hour}.", title=title, hour=facts.hour(other, say)
                )
    return told


def texts(told: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    """The whole of it by language, as an organizer finds it in lists and reports."""
    return {
        language: "\n\n".join("\n".join([part["title"][language], part["text"][language]]) for part in told.values())
        for language in languages
    }


def _line(what: What, touched: Touched, old: Event, new: Event, say: Words) -> str:
    before, after = touched.before, touched.after
    match what:
        case What.GONE:
            return say.text("It is no longer in the programme.")
        case What.CANCELLED:
            return say.text("This session is cancelled.")
        case What.BACK:
            when, place = facts.when(after, say), facts.place_name(new, after, say)
            back = say.text("It takes place after all.")
            known = say.text("When: {when}", when=when), say.text("Where: {place}", place=place)
            return "\n".join((back, *known))
        case What.WHEN:
            when_of = _hour if before.day == after.day else facts.when
            return say.text("When: {old} → {new}", old=when_of(before, say), new=when_of(after, say))
        case What.WHERE:
            was, becomes = facts.place_name(old, before, say), facts.place_name(new, after, say)
            return say.text("Where: {old} → {new}", old=was, new=becomes)
        case What.WHO:
            unknown = facts.to_be_confirmed(say)
            was, becomes = facts.people(old, before, say) or unknown, facts.people(new, after, say) or unknown
            return say.text("With: {old} → {new}", old=was, new=becomes)


def _hour(session: Session, say: Words) -> str:
    """The hours alone: the reader's second zone would stand there twice."""
    if session.starts_at and not say.is_next_day_there(session.starts_at):
        return say.span(session.starts_at, session.ends_at)
    return facts.hour(session, say)


@on.notice("changes")
def changed(notice: Notice, say: Words, silent: bool, goes: Sequence[str]) -> Reply:
    """One message of all that has changed for this reader. goes: the sessions that they go to or wait for; of one
    for whom nothing of it counts any more, everything."""
    told = notice.parts or {}
    theirs = [id_ for id_ in told if id_ in goes] or [*told]
    text = say.n("**One of your sessions has changed**", "**{n} of your sessions have changed**", len(theirs))
    buttons: list[Button] = []
    for id_ in theirs[:SHOWN]:
        part = told[id_]
        title = Texts(part["title"]).in_(say.language)
        clashes = [clash for other, clash in part["clashes"].items() if other in goes]
        said = [Texts(each).in_(say.language) for each in (part["text"], *clashes)]
        text += Markup((Paragraph((Span(title, bold=True), *(Span(f"\n{line}") for line in said))),))
        if len(buttons) < BUTTONS:
            buttons.append(cards.button(title, "session", id_))
    if len(theirs) > SHOWN:
        text += say("And {n} more: see your agenda.", n=str(len(theirs) - SHOWN))
    buttons += [
        cards.button(say.p("button", "My agenda"), "agenda"),
        cards.button(say.p("button", "What I receive"), "notify"),
    ]
    return Reply(text=text, buttons=tuple(buttons), silent=silent)

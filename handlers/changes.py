"""What a publication changes, told to those whom it touches: written in every language when it is published, put
together for each reader from the sessions that they go to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.chat.reply import Button, Reply
from bot.conversation.router import on
from bot.event.model import Entry, Event, Session
from bot.event.texts import Texts
from bot.notices import heard
from bot.notices.broadcast import Notice
from bot.notices.publishing import Told, Wording
from bot.programme import facts, worded
from bot.programme.touched import Touched, What
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words
from handlers import cards, themes

BUTTONS = 4  # sessions with a button of their own: the agenda holds the others
SHOWN = 12  # sessions told of in one message: it is to fit into one


def wording(words: Callable[[str], Words]) -> Wording:
    """What `publishing` tells by. words: language -> its Words."""

    def changes(touched: Sequence[Touched], old: Event, new: Event, reason: Mapping[str, str]) -> Told:
        made = parts(touched, old, new, words, reason)
        return made, texts(made, new.details.scripts)

    def answers(old: Event, new: Event, sessions: Mapping[str, Any]) -> Told:
        made = stale(old, new, words) | {f"session:{id_}": part for id_, part in sessions.items()}
        return made, texts(made, new.details.scripts)

    def added(sessions: Sequence[Session], event: Event) -> Told:
        made = themes.parts(event, sessions, words)
        return made, texts(made, event.details.scripts)

    return Wording(changes, answers, added)


def stale(old: Event, new: Event, words: Callable[[str], Words]) -> dict[str, dict[str, Any]]:
    """The answers whose facts are others in `new`, by their keys: what is asked as `title`, the answer as it is now as
    `text`, each by language. An answer that is only put otherwise is none."""
    found: dict[str, dict[str, Any]] = {}
    for entry in new.entries:
        if not heard.key_of(new, entry.id):
            continue
        now, then = ({tag: _filled(entry, event, words(tag)) for tag in new.details.scripts} for event in (new, old))
        if now != then:
            titles = {tag: cards.asked(entry, words(tag)) for tag in new.details.scripts}
            found[f"entry:{entry.id}"] = {"title": titles, "text": now}
    return found


def _filled(entry: Entry, event: Event, say: Words) -> str:
    return str(say.markup_with(entry.answer.in_(say.language), facts.Facts(event, say)))


def parts(
    touched: Sequence[Touched], old: Event, new: Event, words: Callable[[str], Words], reason: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What to say of each session, by its id, as JSON: its `title`, its `text` and, by the id of the other session,
    its `clashes`, each by language; and whether it is off. words: language -> its Words. reason: why, by language."""
    told: dict[str, dict[str, Any]] = {}
    for each in touched:
        told[each.after.id] = {
            "title": {}, "text": {}, "clashes": {other.id: {} for other in each.clashes},
            "is_off": What.CANCELLED in each.what,
        }  # fmt: skip
        for language in new.details.scripts:
            say, part = words(language), told[each.after.id]
            part["title"][language] = each.after.title.in_(language)
            why = [say.text("Why: {reason}", reason=Texts(reason).in_(language))] if reason else []
            part["text"][language] = "\n".join([*_which(each, say), *worded.changed(each, old, new, say), *why])
            for other in each.clashes:
                title = say.quoted(other.title.in_(language))
                part["clashes"][other.id][language] = say.text(
                    "It now overlaps with {title}, {hour}.", title=title, hour=facts.hour(other, say)
                )
    return told


def _which(touched: Touched, say: Words) -> Sequence[str]:
    """When the session is, for whoever goes to several, unless what changes says so."""
    before, after = touched.before, touched.after
    if What.BACK in touched.what or before.day != after.day or after.day is None:
        return []
    return [say.date(after.day) if What.WHEN in touched.what else facts.when(before, say)]


def texts(told: Mapping[str, Any], languages: Sequence[str]) -> dict[str, str]:
    """The whole of it by language, as an organizer finds it in lists and reports."""
    return {
        language: "\n\n".join("\n".join([part["title"][language], part["text"][language]]) for part in told.values())
        for language in languages
    }


@on.notice("answers")
def corrected(notice: Notice, say: Words, silent: bool, known: Sequence[str]) -> Reply:
    """The answers that this reader was given and that say something else now. known: keys of what they were told."""
    told = notice.parts or {}
    theirs = [key for key in told if key in known] or [*told]
    text, buttons = say("**What I told you has changed**"), list[Button]()
    for key in theirs[:SHOWN]:
        title, kind, id_ = Texts(told[key]["title"]).in_(say.language), *key.split(":", 1)
        said = Texts(told[key]["text"]).in_(say.language)
        text += Markup((Paragraph((Span(title, bold=True), Span(f"\n{said}"))),))
        if len(buttons) < BUTTONS:
            buttons.append(cards.button(title, "session" if kind == "session" else "ask", id_))
    buttons.append(cards.button(say.p("button", "What I receive"), "notify"))
    return Reply(text=text, buttons=tuple(buttons), silent=silent)


@on.notice("changes")
def changed(notice: Notice, say: Words, silent: bool, goes: Sequence[str]) -> Reply:
    """One message of all that has changed for this reader. goes: the sessions that they go to or wait for; of one
    for whom nothing of it counts any more, everything."""
    told = notice.parts or {}
    theirs = [id_ for id_ in told if id_ in goes] or [*told]
    text = (
        say.n("**One of your sessions is cancelled**", "**{n} of your sessions are cancelled**", len(theirs))
        if all(told[id_].get("is_off") for id_ in theirs)
        else say.n("**One of your sessions has changed**", "**{n} of your sessions have changed**", len(theirs))
    )
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

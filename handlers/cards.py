"""A session, a place, an entry as a Reply: pure functions of facts and `say`, used by every handler."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.chat.action import Action, action
from bot.chat.reply import Button, Coordinates, Link, Reply
from bot.event.model import Entry, EntryStatus, Event, Place, Session, Status
from bot.programme import facts
from bot.programme.facts import Facts
from bot.text.formats import capital
from bot.text.markup import Markup, Paragraph, Span
from bot.text.words import Words

LANGUAGES = "Langue · 语言 · Language"  # the same for every reader (glossary, section 8)
LABEL = 56  # characters of a button's label; Chinese characters count twice
LABELS_KEPT = 4096  # that were cut before
INDOORS = ("room", "stand")  # kinds of places to which nobody is driven
UNDER_ANSWER = 5  # buttons: more is a menu, not a next step
STALE_AFTER = timedelta(days=180)  # past that, an answer that may age says of when it is


@lru_cache(maxsize=LABELS_KEPT)
def cut(label: str, width: int = LABEL) -> str:
    """`label` within `width` columns (a Chinese character takes two), with an ellipsis where it was cut."""
    taken = 0
    for n, character in enumerate(label):
        taken += 2 if ord(character) > 0x2E7F else 1
        if taken > width:
            kept = label[:n]
            # At a word, where the script has words.
            at_word = kept.rsplit(" ", 1)[0] if kept[-1:].isascii() and " " in kept[n // 2 :] else kept
            return at_word.rstrip(" \u00a0,:;–（(") + "…"
    return label


def button(label: str, name: str, *args: str) -> Button:
    return Button(cut(label), action(name, *args))


def menu(say: Words) -> tuple[Button, ...]:
    return (
        button(say.p("button", "Programme"), "programme"),
        button(say.p("button", "On now"), "now"),
        button(say.p("button", "My agenda"), "agenda"),
        button(say.p("button", "Places and maps"), "places"),
        button(say.p("button", "Talk to a person"), "human"),
        Button(LANGUAGES, action("languages")),
    )


def line(event: Event, session: Session, say: Words, *, with_day: bool = False, more: Sequence[str] = ()) -> Markup:
    """A session in a list: hour, title, place. more: what follows, a line each."""
    when = facts.when(session, say) if with_day else facts.hour(session, say)
    title = session.title.in_(say.language)
    if session.status == Status.CANCELLED and not with_day:
        when = say.text("{when} – cancelled", when=when)
    spans = [Span(title, bold=True), Span("\n" + when)]
    if session.place in event.place:
        spans.append(Span(" · " + facts.place_name(event, session, say)))
    spans += [Span("\n" + text) for text in more]
    return Markup((Paragraph(tuple(spans)),))


def sessions(
    event: Event,
    chosen: Sequence[Session],
    say: Words,
    *,
    heading: Markup,
    more: Iterable[Button] = (),
    with_day: bool = False,
) -> Reply:
    """A list of sessions, each with a button that opens its card."""
    lines = Markup.join(line(event, session, say, with_day=with_day) for session in chosen)
    buttons = [button(session.title.in_(say.language), "session", session.id) for session in chosen]
    return Reply(text=heading + lines, buttons=(*buttons, *more), replaces=True)


def place(place: Place, say: Words) -> Reply:
    """A place's card: name, address, how to get there, a point on the map, the address in large letters."""
    name = place.name.in_(say.language)
    text = [Markup((Paragraph((Span(name, bold=True),)),))]
    address = ", ".join(part for part in (place.address, place.city) if part and part not in place.address)
    address = address or place.address
    if address:
        text.append(say.plain(address))
    at = Coordinates(place.lat, place.lon, name, address) if place.lat is not None and place.lon is not None else None
    can_be_found = bool(place.address) or at is not None
    if not can_be_found:
        text.append(say("Address: {unknown}", unknown=facts.to_be_confirmed(say)))
    if place.directions:
        text.append(say.markup(place.directions.in_(say.language)))
    # A taxi driver in France reads the French name and the address, whatever the reader's language.
    lines = (place.name.in_("fr"), place.address, "" if place.city in place.address else place.city)
    large = "\n".join(filter(None, lines)) if can_be_found and place.kind not in INDOORS else ""
    return Reply(
        text=Markup.join(text),
        place=at,
        large=large,
        buttons=(button(say.p("button", "Places and maps"), "places"), button(say.p("button", "Menu"), "menu")),
    )


def answer(
    event: Event,
    entry: Entry,
    say: Words,
    now: datetime,
    nearest: Sequence[Entry] = (),
    *,
    beside: int = 0,
    is_last: bool = False,
) -> Reply:
    """An entry's answer, word for word, its references filled; under it what it leads to and, for whom it does not
    help, what else there is.

    nearest: the entries that come next. beside: how many of them are shown at once. is_last: after this one only a
    person can help.
    """
    text = say.markup_with(entry.answer.in_(say.language), Facts(event, say))
    named = [event.session[id_] for id_ in facts.sessions_named(event, entry)]
    if any(session.status == Status.PROVISIONAL for session in named):
        text += say("Provisional: this may still change.")
    if entry.ages and entry.as_of and is_stale(entry.as_of, now):
        text += say(
            "(As of {date}: please check, this may have changed.)", date=say.date(entry.as_of, weekday=False, year=True)
        )
    buttons: list[Button] = []
    if entry.place and entry.place in event.place:
        buttons.append(button(event.place[entry.place].name.in_(say.language), "place", entry.place))
    buttons += [Button(cut(span.text), Link(span.href)) for p in text.paragraphs for span in p.spans if span.href][:1]
    buttons += [button(session.title.in_(say.language), "session", session.id) for session in named[:2]]
    if entry.status == EntryStatus.UNKNOWN:
        buttons.append(button(say.p("button", "Talk to a person"), "human"))
    room = max(0, min(2, UNDER_ANSWER - 1 - len(buttons)))
    near = nearest[:beside]
    related = [event.entry[id_] for id_ in entry.related if id_ in event.entry]
    related = [*near, *(other for other in related if other not in near)][:room]
    buttons += [ask(other, say, "more") for other in related]
    unhelped = say.p("button", "That didn’t help")
    elsewhere = [code(other) for other in nearest if other not in related]  # those stand above already
    buttons.append(button(unhelped, "human") if is_last else button(unhelped, "nohelp", code(entry), *elsewhere))
    return Reply(text=text, buttons=tuple(buttons))


def code(thing: Entry | Session) -> str:
    """A few letters that stand for it on a button, whose 64 bytes hold no four ids, and in what a reply expects."""
    return hashlib.sha256(thing.id.encode()).hexdigest()[:7]


def by_code(event: Event, wanted: str) -> Session | None:
    """The session that `code` made these letters of, None where it is gone."""
    return next((session for session in event.sessions if code(session) == wanted), None)


def expecting(name: str, session: Session) -> str:
    """What the next text is to be: the handler `name` reads it, about the session."""
    return action(name, code(session)).pack()


def ask(entry: Entry, say: Words, press: str = "ask") -> Button:
    """A button that asks the entry's own question. press: the handler that then answers."""
    return Button(cut(asked(entry, say)), Action(press, (entry.id,)))


def asked(entry: Entry, say: Words) -> str:
    """The entry's own question, as a reader would put it."""
    language = "zh" if say.language == "zh-Hant" else say.language
    questions = entry.questions.get(language) or next(iter(entry.questions.values()), (entry.id,))
    question = say.script(questions[0]).replace("'", "’")
    if language == "fr":
        question = question.replace(" ?", "\u00a0?")
    return capital(question)


def is_stale(as_of: date, now: datetime) -> bool:
    return now.date() - as_of > STALE_AFTER


def together(lines: Sequence[Markup]) -> Markup:
    """Several one-line texts as the lines of one paragraph."""
    spans: list[Span] = []
    for n, one in enumerate(lines):
        spans += ([Span("\n")] if n else []) + [span for paragraph in one.paragraphs for span in paragraph.spans]
    return Markup((Paragraph(tuple(spans)),))

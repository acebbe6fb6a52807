"""What a publication changes of one session, in words: the same in a message, on a page and on the hall's screen."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.event.model import Event, Session
from bot.programme import facts
from bot.programme.history import Publication
from bot.programme.touched import Touched, What
from bot.text.words import Words


class Said(NamedTuple):
    """A session of a publication. before: as it was, None of one that was not there."""

    before: Session | None
    session: Session
    lines: Sequence[str]


def publication(source: Publication, say: Words) -> Sequence[Said]:
    """Each session that it changed, then each that it brought; the same ones in every language."""
    old, new = source.old, source.new
    return [
        *(Said(each.before, each.after, changed(each, old, new, say)) for each in source.touched),
        *(Said(None, session, added(session, new, say)) for session in source.added),
    ]


def changed(touched: Touched, old: Event, new: Event, say: Words) -> Sequence[str]:
    """What is otherwise about a session of both versions, or of the old one alone: a line each, never none."""
    return [line for what in touched.what for line in _lines(what, touched, old, new, say)]


def added(session: Session, event: Event, say: Words) -> Sequence[str]:
    """What to know of a session that was not there before."""
    return [say.text("New in the programme."), *_known(session, event, say)]


def _lines(what: What, touched: Touched, old: Event, new: Event, say: Words) -> Sequence[str]:
    before, after = touched.before, touched.after
    match what:
        case What.GONE:
            return [say.text("It is no longer in the programme.")]
        case What.CANCELLED:
            return [say.text("This session is cancelled.")]
        case What.BACK:
            return [say.text("It takes place after all."), *_known(after, new, say)]
        case What.WHEN:
            when_of = _hour if before.day == after.day else facts.when
            return [say.text("When: {old} → {new}", old=when_of(before, say), new=when_of(after, say))]
        case What.WHERE:
            was, becomes = facts.place_name(old, before, say), facts.place_name(new, after, say)
            return [say.text("Where: {old} → {new}", old=was, new=becomes)]
        case What.WHO:
            unknown = facts.to_be_confirmed(say)
            was, becomes = facts.people(old, before, say) or unknown, facts.people(new, after, say) or unknown
            return [say.text("With: {old} → {new}", old=was, new=becomes)]


def _known(session: Session, event: Event, say: Words) -> Sequence[str]:
    when, place = facts.when(session, say), facts.place_name(event, session, say)
    return [say.text("When: {when}", when=when), say.text("Where: {place}", place=place)]


def _hour(session: Session, say: Words) -> str:
    """The hours alone: the reader's second zone would stand there twice."""
    if session.starts_at and not say.is_next_day_there(session.starts_at):
        return say.span(session.starts_at, session.ends_at)
    return facts.hour(session, say)

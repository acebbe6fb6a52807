"""The sessions that somebody may mean who is still writing: part of a title, a name, a theme, a room.

Every word must begin a word of the session, in any language, or be one within a slip of it; Chinese, which has no
spaces, must stand in it. Where no session has all of the words, those that have the most of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from bot.answers import numbered
from bot.answers.held import once
from bot.answers.normalise import plain
from bot.event.model import Event, Session
from bot.event.texts import Texts

IN_TITLE, ELSEWHERE, A_SLIP = 3, 2, 1  # what a word is worth, by where it is found
ALIKE = 80.0  # a word within a slip of another, of 100
LONG_ENOUGH = 4  # letters of a word that may be misspelt


class _Written(NamedTuple):
    session: Session
    title: str
    more: str


class Titles:
    """Of one version of the event."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._written = [_Written(session, *_words(event, session)) for session in event.sessions]

    def only(self, text: str) -> str:
        """The id of the one session that has all of the words, "" where that is none or several."""
        wanted = plain(text).split()
        whole = [each.session.id for each in self._written if wanted and all(_each(wanted, each, slips=False))]
        return whole[0] if len(whole) == 1 else ""

    def find(self, text: str, limit: int) -> list[Session]:
        """At most `limit` sessions, the likeliest first, equally likely ones in the programme's order."""
        wanted = plain(text).split()
        if not wanted:
            return []
        found = [
            (sum(worth), min(worth), each.session) for each in self._written if any(worth := [*_each(wanted, each)])
        ]
        whole = [each for each in found if each[1]]
        found = sorted(whole or found, key=lambda each: -each[0])
        return [session for _, _, session in found[:limit]]


@once
def of(event: Event) -> Titles:
    """The titles of the event, read once: a tenth of a second for sixty sessions."""
    return Titles(event)


def _words(event: Event, session: Session) -> tuple[str, str]:
    """The session's title in all languages, and what else it is known by; each word after a space."""
    titles = [*_all(session.title), *session.aliases]
    more: list[str] = []
    if session.theme in event.theme:
        more += _all(event.theme[session.theme].name)
    if session.place in event.place:
        more += [*_all(event.place[session.place].name), *event.place[session.place].aliases]
    for person in (event.person[role.person] for role in session.people if role.person in event.person):
        more += [*_all(person.name), *person.aliases]
    return _line([*titles, *numbered.names(titles)]), _line(more)


def _all(texts: Texts) -> list[str]:
    return [text for _, text in texts.items()]


def _line(texts: Iterable[str]) -> str:
    return " " + " ".join(plain(text) for text in texts)


def _each(wanted: Sequence[str], each: _Written, *, slips: bool = True) -> Iterator[int]:
    for word in wanted:
        # A Latin word is known by its beginning, Chinese wherever it stands.
        begun = f" {word}" if word[0].isascii() else word
        if begun in each.title:
            yield IN_TITLE
        elif begun in each.more:
            yield ELSEWHERE
        elif slips and _may_slip(word) and any(fuzz.ratio(word, other) >= ALIKE for other in each.title.split()):
            yield A_SLIP
        else:
            yield 0


def _may_slip(word: str) -> bool:
    """A number is never a slip of another, nor a Chinese word of one that differs in a character."""
    return len(word) >= LONG_ENOUGH and word.isascii() and word.isalpha()

"""Ids for what comes from outside: readable, and the same in every later file.

A session's id is its title's words and eight signs of its key in the file (guid, code, UID). The words are of the
first import and stay; by the eight signs it is known again, whatever it is called by then.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping

from bot.event.model import Event, Session
from bot.event.texts import Texts

LONGEST = 40  # model.Slug
SIGNS = 8
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def slug(text: str, longest: int = LONGEST) -> str:
    """The Latin letters and digits of `text` as a slug, "" where it has none. Cut between words."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("œ", "oe").replace("æ", "ae"))
    words = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    out = ""
    for word in words:
        longer = f"{out}-{word}" if out else word[:longest]
        if len(longer) > longest:
            break
        out = longer
    return out


def signs(key: str) -> str:
    """Eight signs for a key: the first of a guid, so that a person finds it in the other tool; else of its hash."""
    lower = key.strip().lower()
    return lower[:SIGNS] if UUID.fullmatch(lower) else hashlib.sha256(lower.encode()).hexdigest()[:SIGNS]


def guid(event: str, thing: str) -> str:
    """The guid under which a session or room of ours goes out: always the same (UUID 5, RFC 9562)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://passerelle.invalid/{event}/{thing}"))


def uid(event: str, session: str) -> str:
    """The UID of a session in calendars: as in `bot.programme.calendar`."""
    return f"{session}@{event}.passerelle"


class Known:
    """The ids that an event already has, by every name that a file may use for them."""

    def __init__(self, event: Event) -> None:
        of = event.details.id
        self._by_key = {key: s.id for s in event.sessions for key in (guid(of, s.id), uid(of, s.id))}
        self._by_signs = {s.id[-SIGNS:]: s.id for s in event.sessions if s.id[-SIGNS - 1 : -SIGNS] == "-"}
        self._ids = set(event.session)

    def id_of(self, key: str, title: str) -> str:
        """The id of what is called `key` in a file: as it is known, else a new one."""
        if key in self._by_key:
            return self._by_key[key]
        if key in self._ids:
            return key
        mine = signs(key)
        return self._by_signs.get(mine) or f"{slug(title, LONGEST - SIGNS - 1) or 's'}-{mine}"


def found(text: str, things: Mapping[str, Texts], aliases: Mapping[str, Iterable[str]]) -> str | None:
    """The id of the one thing that is called `text`: by id, else by a name in any language, else by another."""
    if text in things:
        return text
    wanted = text.casefold()
    for names in ({id_: [n for _, n in name.items()] for id_, name in things.items()}, aliases):
        hits = [id_ for id_, those in names.items() if any(each.casefold() == wanted for each in those)]
        if len(hits) == 1:
            return hits[0]
    return None


def new(text: str, taken: Iterable[str], otherwise: str) -> str:
    """An id for a new thing called `text`, none of `taken`."""
    made = slug(text) or f"{otherwise}-{signs(text)}"
    return f"{made[: LONGEST - SIGNS - 1].rstrip('-')}-{signs(text)}" if made in set(taken) else made


def called(id_: str, things: Mapping[str, Texts], aliases: Mapping[str, Iterable[str]], language: str) -> str:
    """The name under which `id_` goes out: the one that a reader knows, if it leads back to it, else the id."""
    name = things[id_].in_(language) if id_ in things else id_
    return name if found(name, things, aliases) == id_ else id_


def titles(sessions: Iterable[Session]) -> dict[str, Texts]:
    return {session.id: session.title for session in sessions}

"""Questions for the live programme: what is on, a named session, a place of the event.

The matcher says which topic a question belongs to; here that topic and the names and times in the
question say whether the programme itself is the better answer.
"""

from collections.abc import Sequence

from bot.answers.names import Named
from bot.answers.outcome import Match
from bot.answers.times import Times
from bot.event.model import Event

PROGRAMME, SEARCH = "programme-today", "session-search"
# Topics whose questions about a named session its card answers, seats and people included.
OF_A_SESSION = frozenset({SEARCH, PROGRAMME, "register-interest", "speaker"})
TOPIC_OF_PLACE = {
    "venue": "venue-address",
    "room": "map",
    "stand": "map",
    "airport": "airport-transfer",
    "station": "tram-to-venue",
    "hotel": "hotel",
    "hospital": "hospital-pharmacy",
    "consulate": "consulate",
    "sight": "sightseeing",
    "worship": "prayer-room",
    "other": "sightseeing",
}


class Live:
    """What of an event is answered by its programme and places."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._times = Times(event)
        self._topic_of_place = {entry.place: entry.topic for entry in event.entries if entry.place}

    def instead(self, match: Match, folded: str, names: Sequence[Named]) -> Match:
        """The live entry that serves a question of `match.topic` better than `match`, or `match` itself."""
        sessions = list(dict.fromkeys(name.id for name in names if name.kind == "session"))
        if match.topic in OF_A_SESSION and len(sessions) == 1 and not self._has_entry_about(match, names):
            return Match(
                f"live:session/{sessions[0]}", SEARCH if match.topic == PROGRAMME else match.topic, match.score
            )
        asked = self._times.asked(folded)
        if match.topic == PROGRAMME and asked:
            return Match(asked, PROGRAMME, match.score)
        return match

    def unasked(self, folded: str, names: Sequence[Named]) -> Match | None:
        """What a text that is little more than a name means: a session's or a place's card."""
        words = max(len(folded.replace(" ", "")), 1)
        for name in sorted(names, key=lambda n: len(n.alias), reverse=True):
            if len(name.alias.replace(" ", "")) < 0.7 * words:
                continue
            if name.kind == "session":
                return Match(f"live:session/{name.id}", SEARCH, name.sure)
            if name.kind == "theme":
                return Match(f"live:theme/{name.id}", SEARCH, name.sure)
            if name.kind == "place":
                kind = self._event.place[name.id].kind
                topic = self._topic_of_place.get(name.id) or TOPIC_OF_PLACE.get(kind, "map")
                return Match(f"live:place/{name.id}", topic, name.sure)
        return None

    def _has_entry_about(self, match: Match, names: Sequence[Named]) -> bool:
        """Whether the matched entry is about a person that the question names: then it knows more."""
        return match.topic == "speaker" and any(name.kind == "person" for name in names)

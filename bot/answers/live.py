"""Questions for the live programme: what is on, a named session, a place of the event.

The matcher says which topic a question belongs to; here that topic and the names and times in the
question say whether the programme itself is the better answer.
"""

import re

from bot.answers import titles
from bot.answers.examples import Prepared
from bot.answers.names import Named, Names
from bot.answers.normalise import HAN, fold, plain
from bot.answers.outcome import Match
from bot.answers.times import Times
from bot.event.model import Event

PROGRAMME, SEARCH, JOIN, LEAVE, SPEAKER = (
    "programme-today",
    "session-search",
    "register-interest",
    "cancel-interest",
    "speaker",
)
# Topics whose questions about a named session its card answers, its button to register included.
OF_A_SESSION = frozenset({PROGRAMME, SEARCH, JOIN, LEAVE, SPEAKER})
# What is asked of a named session, over folded text; the name itself draws every question to itself otherwise.
CUES = (
    (
        SEARCH,  # whether it takes place at all: nobody leaves it
        re.compile(
            r"\b(?:is|are|was|has|have|will|if)\b.*\bcancell?ed\b|^cancell?ed\b|\bcancell?ed$"
            r"|\b(?:est|sont|ete|sera|serait)\b.*\bannulee?s?\b|\bannulee?s?$"
            r"|被取消|取消了(?:吗|没)|(?:听说|据说).*取消了|取消没|会不会取消|是否取消"
        ),
    ),
    (
        LEAVE,
        re.compile(
            r"\b(?:annul\w+|desinscri\w*|(?:me|m) retir\w+|(?:retir|enlev|ray|ot)e[zr]? moi|desist\w+"
            r"|ne (?:viens|viendrai|participe\w*) (?:plus|pas)|(?:viens|vais|veux|peux) plus"
            r"|plus (?:venir|participer|assister)|quitter"
            r"|leave(?! (?:early|before|my)\b)|cancel\w*|withdraw\w*|unregister|drop out|remove me|take me off"
            r"|(?:can t|cannot|can not|won t) (?:come|make it|attend|go)|no longer|not coming)\b"
            r"|取消|退出|退掉|不去|不参加|不想去|去不了|来不了|参加不了|放弃|撤销"
        ),
    ),
    (
        SPEAKER,
        re.compile(
            r"\b(?:qui|anime\w*|modere\w*|moderat\w+|intervenants?|intervient|orateurs?|preside\w*|who|speakers?|speaks|speaking"
            r"|hosts?|chairs?|chaired|shui)\b|谁|主持|嘉宾|演讲人|发言人|主讲|zhuchi"
        ),
    ),
    (
        JOIN,
        re.compile(
            r"\b(?:inscri\w+|reserv\w+|places? (?:libres?|dispo\w*|restantes?)|restes?.*places?|participer"
            r"|encore de la place|assister|liste d attente|complet|sign (?:me |us )?up|register|registered|book"
            r"|seats?|spots?|places left|join|attend|wait(?:ing)? ?list|is it full|fully booked|capacity|rejoindre"
            r"|baoming|canjia)\b"
            r"|报名|报(?=[第分这那一二三名])|参加|想去|想听|名额|候补|预约|满了|满员|留位|占位|座位|还有位"
        ),
    ),
    (
        SEARCH,  # where and when it is: on its card
        re.compile(
            r"\b(?:ou (?:est|se|a)|quand|quelle (?:heure|salle)|where|when|what time|which room)\b"
            r"|在哪|哪里|几点|什么时候"
        ),
    ),
)
WHICH_SESSIONS = re.compile(
    r"\b(?:quels?|quelles?|which|what|any|des|les) (?:sont les )?"
    r"(?:ateliers?|seances?|sessions?|workshops?|talks?|events?)\b"
    r"|(?:哪些|什么|有何)(?:分论坛|活动|会议|场次|安排)"
)
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
SMALL_WORDS = frozenset(
    {"a", "the", "l", "d", "le", "la", "les", "de", "du", "des", "sur", "pour", "on", "about", "of", "un", "une"}
)
MOST_OF_A_PERSON = 3
SURELY_LEAVES = 0.8  # how likely a text without a word for it must be a withdrawal
FEW_WORDS = 4  # beside the kind of session, of a text that only names one: "atelier mobilité"
KIND = re.compile(
    r"\b(?:ateliers?|seances?|table ronde|pleniere|workshops?|sessions?|round table|panel|talk)\b"
    r"|分论坛|工作坊|分会场|研讨会|圆桌(?:会议)?"
)
TITLE_PARTS = re.compile(r"\s*[:：—–]\s*")
# Where something is, over folded text.
ASKS_WHERE = re.compile(
    r"\b(?:(?:c |il |elle )?(?:est|se (?:trouve|situe)) ou|ou(?: (?:c |est ce que c )?est| se (?:trouve|situe)| sont)?"
    r"|comment (?:aller|se rendre|on va|je vais)(?: a| au| aux| dans)?|je cherche"
    r"|where(?: (?:is|s|are|can i find|do i find))?|how (?:do i|to|can i) (?:find|get to)|i (?:a|)m looking for)\b"
    r"|(?:的位置)?是?在(?:哪里|哪儿|哪个地方|什么地方|何处|哪)|怎么(?:找|走|去)|我?(?:在找|找不到)|的位置"
)
NEARLY_ALL = 0.7  # the share of a text's letters that a name must be for the text to be that name


class Live:
    """What of an event is answered by its programme and places."""

    def __init__(self, event: Event, names: Names) -> None:
        self._event = event
        self._times = Times(event)
        self._entries_of_person: dict[str, set[str]] = {}
        for entry in event.entries:
            if entry.topic == SPEAKER:
                for text in (text for texts in entry.questions.values() for text in texts):
                    for name in names.find(plain(text), slips=False):
                        if name.kind == "person":
                            self._entries_of_person.setdefault(name.id, set()).add(entry.id)
        self._titles = titles.of(event)
        self._called = _called(event)
        self._topic_of_place = {entry.place: entry.topic for entry in event.entries if entry.place}

    def instead(self, match: Match, question: Prepared) -> Match:
        """The live entry that serves a question of `match.topic` better than `match`, or `match` itself."""
        sessions = list(dict.fromkeys(name.id for name in question.names if name.kind == "session"))
        if match.topic in OF_A_SESSION and len(sessions) == 1:
            topic = next((topic for topic, cue in CUES if cue.search(question.folded)), "")
            if not topic and match.topic == LEAVE and (match.score < SURELY_LEAVES or self.named(question)):
                topic = SEARCH  # a seat is not given up for having named it
            topic = topic or (SEARCH if match.topic == PROGRAMME else match.topic)
            person_named = any(name.kind == "person" for name in question.names)
            if not (match.topic == topic == SPEAKER and person_named):  # that person's entry knows more
                return Match(f"live:session/{sessions[0]}", topic, match.score)
        about_times = match.topic == PROGRAMME or (match.topic == SEARCH and WHICH_SESSIONS.search(question.folded))
        asked = self._times.asked(question.folded) if about_times else ""
        return Match(asked, PROGRAMME, match.score) if asked else match

    def of_person(self, question: Prepared) -> tuple[Match, ...]:
        """The entries on who speaks, those on a person that the question names first; () if it names none."""
        people = {name.id for name in question.names if name.kind == "person"}
        if not people:
            return ()
        theirs = {entry for person in people for entry in self._entries_of_person.get(person, ())}
        entries = [entry.id for entry in self._event.entries if entry.topic == SPEAKER]
        entries.sort(key=lambda entry: entry not in theirs)
        return tuple(Match(entry, SPEAKER, 0.5 if entry in theirs else 0.2) for entry in entries[:MOST_OF_A_PERSON])

    def time(self, question: Prepared) -> Match | None:
        """What is on then, of a text that is little more than a time: "tomorrow?", "周五"."""
        asked = self._times.alone(question.folded)
        return Match(asked, PROGRAMME, 1.0) if asked else None

    def called(self, question: Prepared) -> Match | None:
        """The card of the one session that a text calls by its title, a part of it beside a colon, or its kind and some
        words of it, and that says nothing else."""
        found = self._called.get(question.folded)
        kind = KIND.search(question.folded)
        if found is None and kind and not any(cue.search(question.folded) for _, cue in CUES):
            words = _telling(question.folded[: kind.start()] + " " + question.folded[kind.end() :])
            if 0 < len(words) <= FEW_WORDS and not any(word.isdigit() for word in words):
                found = self._titles.only(" ".join(words))
        return Match(f"live:session/{found}", SEARCH, 1.0) if found else None

    def placed(self, question: Prepared) -> Match | None:
        """The card of the place of which a text asks where it is, and nothing else; of one that no entry is about."""
        if not ASKS_WHERE.search(question.folded):
            return None
        wanted = _telling(ASKS_WHERE.sub(" ", question.folded))
        for name in question.names:
            if name.kind == "place" and name.id not in self._topic_of_place and _telling(name.alias) == wanted:
                return self._place(name)
        return None

    def named(self, question: Prepared) -> Match | None:
        """The card of a session, theme or place of a text that is little more than its name, or asks where that is."""
        letters = max(len(ASKS_WHERE.sub("", question.folded).replace(" ", "")), 1)
        for name in sorted(question.names, key=lambda name: len(name.alias), reverse=True):
            if len(name.alias.replace(" ", "")) < NEARLY_ALL * letters:
                continue
            if name.kind == "session":
                return Match(f"live:session/{name.id}", SEARCH, name.sure)
            if name.kind == "theme":
                return Match(f"live:theme/{name.id}", SEARCH, name.sure)
            if name.kind == "place":
                return self._place(name)
        return None

    def _place(self, name: Named) -> Match:
        kind = self._event.place[name.id].kind
        topic = self._topic_of_place.get(name.id) or TOPIC_OF_PLACE.get(kind, "map")
        return Match(f"live:place/{name.id}", topic, name.sure)


def _telling(text: str) -> list[str]:
    """The words of a text without those that say nothing."""
    return [word for word in text.split() if word not in SMALL_WORDS]


def _called(event: Event) -> dict[str, str]:
    """Folded title, or part of one beside a colon -> the only session of it."""
    holders: dict[str, set[str]] = {}
    for session in event.sessions:
        for language, title in session.title.items():
            parts = [title, *(part for part in TITLE_PARTS.split(title) if _is_telling(part))]
            for text in parts:
                for folded in (plain(text), fold(text, language)):
                    holders.setdefault(folded, set()).add(session.id)
    return {folded: next(iter(ids)) for folded, ids in holders.items() if len(ids) == 1}


def _is_telling(part: str) -> bool:
    """Whether a part of a title may stand for all of it: not "Concert", not "论坛"."""
    return len(re.findall(rf"[{HAN}]", part)) >= 4 or len(part.split()) >= 3

"""What asking gives: an Outcome of Matches. Values only; who says what about them stands in `handlers`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["answer", "suggest", "smalltalk", "refuse", "command"]


@dataclass(frozen=True, slots=True)
class Match:
    """Something that may answer a question.

    entry: an entry's id, or something live: `live:now`, `live:next`, `live:today`, `live:tomorrow`,
    `live:day/2014-11-07` (the last three with `/morning`, `/afternoon`, `/evening` where that is asked),
    `live:programme`, `live:agenda`, `live:session/ID`, `live:theme/ID`, `live:place/ID`.
    topic: the topic it belongs to. score: how sure, 0 to 1. others: ids of the entries next nearest, likeliest
    first, for whom this answer does not help. beside: how many of them are likely enough to be shown at once.
    """

    entry: str
    topic: str
    score: float
    others: tuple[str, ...] = ()
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do with a text.

    kind: `answer` (every match answers a part of it), `suggest` (2 or 3 matches, best first), `smalltalk`,
    `refuse` (none of our business, or an insult: then `smalltalk` is "insult"), `command`.
    language: of the text: an event's language, or "zh-Hant".
    command: `help`, `human`, `language:zh`, `stop`, `agenda`, `programme`, `now`, `next`, `places`, `news`,
    `notify`, `privacy`, `mydata`, `forget`, `start`, `link`; its match, if any, is the entry that tells of it.
    rest: what another part of the message may mean, likeliest first, beside an answer to one part.
    near: up to ten entries that the text is nearest to, where it is not sure which or whether any; likeliest first.
    why: scores, nearest examples, rule, guard, for `--explain`.
    """

    kind: Kind
    language: str
    matches: tuple[Match, ...] = ()
    command: str = ""
    smalltalk: str = ""
    rest: tuple[Match, ...] = ()
    near: tuple[Match, ...] = ()
    why: Mapping[str, object] = field(default_factory=dict)

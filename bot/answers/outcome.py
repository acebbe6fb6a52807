"""What asking gives: an Outcome of Matches. Values only; who says what about them stands in `handlers`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["answer", "suggest", "smalltalk", "refuse", "command"]


@dataclass(frozen=True, slots=True)
class Match:
    """Something that may answer a question.

    entry: an entry's id, or something live: `live:now`, `live:next`, `live:today`, `live:tomorrow`,
    `live:day/2014-11-07`, `live:programme`, `live:agenda`, `live:session/ID`, `live:theme/ID`, `live:place/ID`.
    topic: the topic it belongs to. score: how sure, 0 to 1.
    """

    entry: str
    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do with a text.

    kind: `answer` (every match answers a part of it), `suggest` (2 or 3 matches, best first), `smalltalk`,
    `refuse` (none of our business, or an insult: then `smalltalk` is "insult"), `command`.
    language: of the text: an event's language, or "zh-Hant".
    command: `help`, `human`, `language:zh`, `stop`, `agenda`, `programme`, `now`, `next`, `places`, `news`,
    `notify`, `privacy`, `mydata`, `forget`, `start`, `link`; its match, if any, is the entry that tells of it.
    others: entries next nearest to an answer, likeliest first, for whom it did not help.
    rest: what another part of the message may mean, likeliest first, beside an answer to one part.
    why: scores, nearest examples, rule, guard, for `--explain`.
    """

    kind: Kind
    language: str
    matches: tuple[Match, ...] = ()
    command: str = ""
    smalltalk: str = ""
    others: tuple[Match, ...] = ()
    rest: tuple[Match, ...] = ()
    why: Mapping[str, object] = field(default_factory=dict)

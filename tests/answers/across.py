"""Whether French questions are answered through the Chinese and English examples alone:
`python -m tests.answers.across [FOLDS]`.

Of every tenth entry the French questions and names are taken away, the engine is fitted anew, and the questions
taken away are asked of it; ten times, so that each entry is without its own once, beside others that have theirs.
"""

import sys
from collections import Counter

from bot.answers import corpus
from bot.answers.embedders import open_embedders
from bot.answers.engine import Engine
from bot.answers.names import Names
from bot.answers.score import Scorer
from bot.event.load import find, read
from bot.event.model import Entry, Event

FOLDS = 10
LANGUAGE = "fr"


def without(entry: Entry) -> Entry:
    others = {
        name: {language: texts for language, texts in getattr(entry, name).items() if language != LANGUAGE}
        for name in ("questions", "asks")
    }
    return entry.model_copy(update=others)


def main() -> None:
    folds = int(sys.argv[1]) if sys.argv[1:] else FOLDS
    event, _ = read(find("strasbourg-2014"))
    assert event is not None
    embedders = open_embedders("local")
    total: Counter[str] = Counter()
    for fold in range(folds):
        taken = {entry.id: entry for n, entry in enumerate(event.entries) if n % FOLDS == fold}
        entries = tuple(without(entry) if entry.id in taken else entry for entry in event.entries)
        parts = {name: getattr(event, name) for name in Event.model_fields}
        poorer = Event(**{**parts, "entries": entries})
        names = Names(poorer)
        engine = Engine(poorer, Scorer(corpus.gather(poorer, names, None), embedders, None), names)
        for entry in taken.values():
            for question in entry.questions[LANGUAGE]:
                outcome = engine.ask(question, hint=LANGUAGE)
                found = [match for match in outcome.matches if match.entry == entry.id]
                topic = [match for match in outcome.matches if match.topic == entry.topic]
                total["asked"] += 1
                total["entry answered"] += outcome.kind == "answer" and bool(found)
                total["topic answered"] += outcome.kind == "answer" and bool(topic)
                total["entry answered or suggested"] += bool(found)
                total["topic answered or suggested"] += bool(topic)
        shares = {name: round(count / total["asked"], 3) for name, count in total.items() if name != "asked"}
        print(f"{fold + 1} of {folds}: {total['asked']} questions, {shares}", flush=True)


if __name__ == "__main__":
    main()

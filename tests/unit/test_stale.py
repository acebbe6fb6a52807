"""Each live fact changed in turn: every answer in every language says the new one, none the old; and just those answers
are told again."""

from datetime import UTC, datetime
from functools import partial

import pytest

from bot.conversation.receive import words_for
from bot.event import load
from bot.event.model import Event
from bot.programme import edits
from bot.programme.facts import Facts
from bot.programme.versions import Published
from bot.text.words import Words
from handlers.changes import stale

NEW_HOUR = "07:07"
HOURS = {"fr": "7\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}07", "zh": "07:07", "zh-Hant": "07:07", "en": "07:07"}


def words_of(event: Event) -> dict[str, Words]:
    worded = partial(words_for, Published(1, datetime(2014, 11, 1, tzinfo=UTC), "", event))
    return {tag: worded(tag) for tag in event.details.scripts}


@pytest.mark.parametrize("name", ["demo", "strasbourg-2014"])
def test_no_answer_keeps_an_old_fact(name: str) -> None:
    event = load.load(load.find(name))
    words = words_of(event)
    referring = [entry for entry in event.entries if any("{session:" in text for _, text in entry.answer.items())]
    assert referring
    named = {id_ for id_ in event.session if any(f"{{session:{id_}." in str(dict(e.answer.items())) for e in referring)}
    rooms = [place.id for place in event.places if place.kind in ("room", "sight")]
    checked = 0
    for id_ in named:
        session = event.session[id_]
        room = next(room for room in rooms if room != session.place)
        for values in ({"start": NEW_HOUR, "end": None}, {"place": room}):
            changed, _ = edits.change(event, {}, id_, values)
            told = stale(event, changed, words.__getitem__)
            for entry in referring:
                before, after = (
                    {tag: str(say.markup_with(entry.answer.in_(tag), Facts(one, say))) for tag, say in words.items()}
                    for one in (event, changed)
                )
                assert (before != after) == (f"entry:{entry.id}" in told), (entry.id, values)
                if f"entry:{entry.id}" not in told:
                    continue
                assert told[f"entry:{entry.id}"]["text"] == after
                for tag, say in words.items():
                    text = entry.answer.in_(tag)
                    if "start" in values and f"{{session:{id_}.start}}" in text:
                        assert HOURS[tag] in after[tag], (entry.id, tag)
                        old = say.time(session.starts_at) if session.starts_at else ""
                        # Unless another session that it names begins at that hour too.
                        if old and before[tag].count(old) == text.count(f"{{session:{id_}."):
                            assert old not in after[tag], (entry.id, tag)
                    if "place" in values and f"{{session:{id_}.place}}" in text:
                        assert changed.place[room].name.in_(tag) in after[tag], (entry.id, tag)
                    checked += 1
    assert checked > 10

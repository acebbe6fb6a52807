"""What the bot knows, as lists for an organizer: interest, feedback, entries, open questions, figures.
A heading and rows of texts.

Nobody is named: accounts are addresses, not names, so interest is told in numbers.
"""

from sqlalchemy import func, select

from bot.desk import unanswered
from bot.event.model import Event
from bot.people.tables import account, person
from bot.programme import feedback
from bot.programme.tables import interest, seat, version
from bot.store.transaction import Transaction

Rows = list[list[str]]


def interests(tx: Transaction, event: Event, language: str) -> Rows:
    """For each session that anybody chose or can choose: seats, who goes, waits and withdrew. Sessions that are no
    longer in the programme stand last, by their ids."""
    counted = select(interest.c.session_id, interest.c.state, func.count().label("n"))
    by = {
        (row["session_id"], row["state"]): row["n"]
        for row in tx.all(counted.group_by(interest.c.session_id, interest.c.state))
    }
    gone = sorted({id_ for id_, _ in by} - set(event.session))
    out = [["id", "title", "day", "start", "seats", "going", "waitlisted", "withdrawn"]]
    for id_ in (*event.session, *gone):
        session = event.session.get(id_)
        numbers = [str(by.get((id_, state), 0)) for state in ("going", "waitlisted", "withdrawn")]
        if session is None:
            out.append([id_, "", "", "", "", *numbers])
            continue
        out.append([
            id_, session.title.in_(language), session.day.isoformat() if session.day else "",
            f"{session.start:%H:%M}" if session.start else "",
            "" if session.capacity is None else str(session.capacity), *numbers,
        ])  # fmt: skip
    return out


def entries(event: Event, language: str) -> Rows:
    """Every entry in each language that it has, or in `language` alone; examples and short names a line each."""
    out = [["id", "topic", "language", "answer", "questions", "asks", "status", "as_of", "source"]]
    for entry in event.entries:
        for each, text in entry.answer.items():
            if language in ("", each):
                out.append([
                    entry.id, entry.topic, each, text, "\n".join(entry.questions.get(each, ())),
                    "\n".join(entry.asks.get(each, ())), entry.status, str(entry.as_of or ""), entry.source,
                ])  # fmt: skip
    return out


def ratings(tx: Transaction, event: Event, language: str) -> Rows:
    """What was said of each session: how many, their average, how many gave each number of stars, their lines in no
    order. Where fewer than feedback.FEWEST answered, how many alone; who said what is nowhere."""
    stars = sorted(feedback.STARS, reverse=True)
    out = [["id", "title", "day", "start", "answers", "average", *map(str, stars), "lines"]]
    rated = feedback.rated(tx)
    in_order = [id_ for id_ in event.session if id_ in rated]
    told = feedback.every(tx, rated)
    for id_ in (*in_order, *(id_ for id_ in rated if id_ not in event.session)):
        session, figures = event.session.get(id_), told[id_]
        by = dict(figures.by)
        out.append([
            id_, session.title.in_(language) if session else "",
            session.day.isoformat() if session and session.day else "",
            f"{session.start:%H:%M}" if session and session.start else "",
            str(figures.count), "" if figures.average is None else f"{figures.average:.2f}",
            *(str(by.get(each, "")) for each in stars), "\n".join(figures.lines),
        ])  # fmt: skip
    return out


def questions(tx: Transaction) -> Rows:
    """What was not answered well and is still open, the most asked first."""
    out = [["number", "language", "question", "times", "what became of it", "entry", "first", "last"]]
    return out + [
        [str(q.id), q.language, q.text, str(q.times), q.fate, q.answer, q.first_on.isoformat(), q.last_on.isoformat()]
        for q in unanswered.kept(tx)
    ]


def statistics(tx: Transaction, event: Event) -> Rows:
    """Figures: of the programme, the people by language and channel, interest, open questions."""
    out = [["what", "of", "count"]]
    for what, number in (
        ("sessions", len(event.sessions)),
        ("places", len(event.places)),
        ("entries", len(event.entries)),
    ):
        out.append([what, "", str(number)])
    for what, column in (
        ("persons", person.c.language),
        ("accounts", account.c.channel),
        ("interest", interest.c.state),
    ):
        counted = select(column.label("of"), func.count().label("n")).group_by(column).order_by(column)
        out += [[what, row["of"], str(row["n"])] for row in tx.all(counted)]
    for what, table in (("sessions ever published", seat), ("versions published", version)):
        out.append([what, "", str(tx.scalar(select(func.count()).select_from(table)) or 0)])
    asked = unanswered.kept(tx)
    out.append(["questions open", "", str(len(asked))])
    out.append(["questions open, times asked", "", str(sum(question.times for question in asked))])
    return out

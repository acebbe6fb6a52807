"""The sessions of two persons who become one, and of one who is two again: no seat is counted twice or lost.

Going beats waiting, waiting beats having withdrawn; of two places on a waiting list the better one stays; a seat that
both had goes to whoever waits.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from bot.people import mergers
from bot.people.mergers import Move
from bot.programme import guests, offers, seats
from bot.programme.tables import Interest, follow, guest, interest, own_note, seat
from bot.store.transaction import Transaction

STRENGTH = (Interest.WITHDRAWN, Interest.WAITLISTED, Interest.GOING)
COPIED = ("state", "place", "changed_at", "offered_until", "asked_for")


def merge(tx: Transaction, move: Move) -> list[dict[str, Any]]:
    """Returns the source's rows, each with what the target had.

    Safe under a race: the sessions' rows are locked first, as by a withdrawal; both persons' accounts are the caller's.
    """
    rows = _locked(tx, move)
    kept, come = rows[move.target], rows[move.source]
    tx.execute(delete(interest).where(interest.c.person_id == move.source))
    brought = []
    for session, row in come.items():
        met = kept.get(session)
        had = {"met": met["state"], "met_place": met["place"]} if met else {"met": ""}
        brought.append({"session": session, "state": row["state"], "place": row["place"], **had})
        values = {name: row[name] for name in COPIED}
        if met is None:
            tx.execute(insert(interest).values(person_id=move.target, session_id=session, **values))
        elif _is_better(row, met):
            mine = interest.c.person_id == move.target, interest.c.session_id == session
            tx.execute(update(interest).where(*mine).values(**values))
        if met is not None and _has_seat(row) and _has_seat(met):
            _give_back(tx, move, session, 1)
    return brought


def part(tx: Transaction, move: Move, brought: list[dict[str, Any]]) -> None:
    """What the source has given up since stays given up. What it still has goes back to the target where that was the
    target's alone, and to both where both had it: a seat while there is one, else a place at the end of the list."""
    now = _locked(tx, move, (each["session"] for each in brought))[move.source]
    for each in brought:
        session, was, met = each["session"], each["state"], each["met"]
        held = now.get(session)
        is_held = held is not None and held["state"] != Interest.WITHDRAWN
        if was == Interest.WITHDRAWN:
            _put(tx, move, move.target, session, Interest.WITHDRAWN)
        elif not is_held:
            continue
        elif met in ("", Interest.WITHDRAWN) or (was == Interest.GOING and met == Interest.WAITLISTED):
            mine = interest.c.person_id == move.source, interest.c.session_id == session
            tx.execute(update(interest).where(*mine).values(person_id=move.target))
            if met == Interest.WAITLISTED:
                _wait_again(tx, move, move.source, session, each.get("met_place", each["place"]))
        elif was == Interest.WAITLISTED:
            _wait_again(tx, move, move.target, session, each["place"])
        elif session in move.event.session:
            seats.register(tx, move.event, move.target, session, now=move.now, despite_clash=True)


def _locked(tx: Transaction, move: Move, more: Iterable[str] = ()) -> Mapping[int, dict[str, RowMapping]]:
    """person -> session -> row, of both persons, with the rows of all these sessions locked."""
    people = (move.source, move.target)
    mine = interest.c.person_id.in_(people)
    names = {*tx.execute(select(interest.c.session_id).where(mine)).scalars(), *more}
    sessions = select(seat.c.session_id).where(seat.c.session_id.in_(names)).order_by(seat.c.session_id)
    tx.execute(sessions.with_for_update()).all()
    out: dict[int, dict[str, RowMapping]] = {person: {} for person in people}
    for row in tx.all(select(interest).where(mine).order_by(interest.c.session_id)):
        out[row["person_id"]][row["session_id"]] = row
    return out


def _is_better(row: RowMapping, met: RowMapping) -> bool:
    ours, theirs = STRENGTH.index(row["state"]), STRENGTH.index(met["state"])
    waits = row["state"] == met["state"] == Interest.WAITLISTED
    if waits and _has_seat(row) != _has_seat(met):
        return _has_seat(row)
    return ours > theirs or (waits and row["place"] < met["place"])


def _has_seat(row: RowMapping) -> bool:
    """Goes, or waits with a seat held: it is counted in `taken`."""
    return bool(row["state"] == Interest.GOING or (row["state"] == Interest.WAITLISTED and row["offered_until"]))


def _give_back(tx: Transaction, move: Move, session: str, many: int) -> None:
    """Count so many seats less as taken; whatever is free then goes on to those who wait."""
    offers.take(tx, session, -many)
    if session in move.event.session:
        move.freed.extend(offers.pass_on(tx, move.event, move.event.session[session], move.now))


def _merge_guests(tx: Transaction, move: Move) -> dict[str, Any]:
    """Whom the source signed up is in the target's care. A name that both had gives one seat back. Returns the ids that
    changed hands, and by session the names that both had."""
    theirs = select(guest).where(guest.c.person_id == move.source).order_by(guest.c.session_id, guest.c.id)
    rows = tx.all(theirs)
    for session in sorted({row["session_id"] for row in rows}):
        offers.lock(tx, session)
    has = select(guest.c.session_id, guest.c.name).where(guest.c.person_id == move.target)
    known = {(row.session_id, row.name) for row in tx.execute(has)}
    both: dict[str, list[str]] = {}
    ids = []
    for row in rows:
        if (row["session_id"], row["name"]) in known:
            both.setdefault(row["session_id"], []).append(row["name"])
            tx.execute(delete(guest).where(guest.c.id == row["id"]))
        else:
            ids.append(row["id"])
    tx.execute(update(guest).where(guest.c.id.in_(ids)).values(person_id=move.target))
    for session, names in both.items():
        _give_back(tx, move, session, len(names))
    return {"ids": ids, "both": both}


def _part_guests(tx: Transaction, move: Move, brought: dict[str, Any]) -> None:
    """Those whom the source brought go back; of a name that both had each has one again while there is a seat."""
    mine = guest.c.id.in_(brought["ids"]), guest.c.person_id == move.source
    tx.execute(update(guest).where(*mine).values(person_id=move.target))
    for session, names in brought["both"].items():
        if session in move.event.session:
            guests.add(tx, move.event, move.target, session, names, now=move.now)


def _wait_again(tx: Transaction, move: Move, person: int, session: str, place: int) -> None:
    """The person waits at their old place; what has come free since goes on, to them if it is their turn."""
    _put(tx, move, person, session, Interest.WAITLISTED, place)
    _give_back(tx, move, session, 0)


def _put(tx: Transaction, move: Move, person: int, session: str, state: Interest, place: int = 0) -> None:
    values = {"state": state, "place": place, "changed_at": move.now}
    tx.execute(insert(interest).values(person_id=person, session_id=session, **values))


mergers.register(mergers.Merger(("interest",), merge, part))
mergers.register(mergers.Merger(("guest",), _merge_guests, _part_guests))
mergers.register(mergers.rows(own_note, "session_id", wins=mergers.newer("changed_at")))
mergers.register(mergers.rows(follow, "theme"))

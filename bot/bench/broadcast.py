"""What an announcement costs, ledger included, beside plain loops in the same run.

Each program starts with everybody known and the announcement begun, and sends; what counts begins with the first
twentieth of the messages. Programs run one after the other, in turn, so that a ratio compares neighbours in time.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from bot.bench.programs import PEERS, BenchFailed, Peer, Program, Running, passerelle
from bot.bench.turn import home
from bot.event import load
from bot.notices import broadcast
from bot.people.tables import account, person
from bot.store import migrate
from bot.store.threads import Store
from bot.store.transaction import Transaction

PATIENCE_SECONDS = 600.0
PACED = 1_000  # messages a second of the paced run: what Telegram sells
TEXT = (
    "<b>Changement de salle</b> : l’atelier 3 « Innovation » se tient en salle 14, au premier étage, à 14 h 30. "
    "Les interprètes vous y attendent ; merci d’arriver cinq minutes avant."
)
FLOOR, PTB, AIOGRAM = "aiohttp, durable", "python-telegram-bot", "aiogram"
Progress = Callable[[str], None]
Once = tuple[dict[str, Any], float]  # what the double saw, the most memory in MB that the program held


@dataclass(slots=True)
class Sent:
    """What one program did; medians over the repetitions. rate: that it was allowed, 0 for any."""

    program: str
    rate: int
    per_second: float = 0.0
    cpu_per_1000: float = 0.0
    against: dict[str, float] = field(default_factory=dict)  # peer -> CPU a message, the peer's = 1
    peak_megabytes: float = 0.0
    busiest: int = 0  # the most in any second
    twice: int = 0  # chats that were told more than once
    double_busy: float = 0.0


@dataclass(slots=True)
class Report:
    recipients: int
    repeat: int
    rows: list[Sent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    event_name: str, *, recipients: int, repeat: int, progress: Progress, steps: Callable[[int], None]
) -> Report:
    """Everything. progress: told each step as it begins; steps: told how many there will be. Raises BenchFailed."""
    folder = load.find(event_name).resolve()
    clock = f"{load.load(folder).details.starts:%Y-%m-%d}T09:00"
    report = Report(recipients, repeat)
    progress("environment of the peers")
    programs = [(program, 0) for program in _peers(report, recipients)]
    programs += [(passerelle(str(folder), clock), 0), (passerelle(str(folder), clock, rate=PACED), PACED)]
    steps(1 + repeat * len(programs))
    raw: dict[tuple[str, int], list[Once]] = {}
    with tempfile.TemporaryDirectory(prefix="broadcast-", dir=home()) as scratch:
        for n in range(repeat):
            for program, rate in programs:
                progress(f"{n + 1}/{repeat} {program.name}" + (f" at {rate}/s" if rate else ""))
                place = Path(scratch) / f"{n} {program.name} {rate}"
                place.mkdir()
                raw.setdefault((program.name, rate), []).append(_once(program, place, recipients))
    for (name, rate), rows in raw.items():
        report.rows.append(_summed(name, rate, rows, raw))
    return report


def _peers(report: Report, recipients: int) -> list[Program]:
    many = str(recipients)
    floor = (sys.executable, str(PEERS / "aiohttp_broadcast.py"), "{url}", "{token}", "{folder}/ledger.db", many, TEXT)
    found = [Program(FLOOR, floor, {})]
    ptb = ("python-telegram-bot[rate-limiter]==22.8", "httpx==0.28.1", "sniffio==1.3.1")
    for peer in (
        Peer(PTB, "ptb_broadcast.py", ptb, (many, TEXT)),
        Peer(AIOGRAM, "aiogram_broadcast.py", ("aiogram==3.31.0",), (many, TEXT)),
    ):
        try:
            found.append(peer.prepare(home() / "venv"))
        except BenchFailed as error:
            report.notes.append(f"Without {peer.name}: {error}")
    return found


def _once(program: Program, place: Path, recipients: int) -> Once:
    """What the double saw, and the most memory that the program held."""
    if program.name == "Passerelle":
        (place / "var").mkdir()
        store = Store(f"sqlite:///{place}/var/passerelle.db")
        store.write_now(migrate.to_newest)
        store.write_now(_begun, recipients)
        store.close()
    with Running(program, place) as running:
        running.launch()
        seen = running.order({"mode": "receive", "count": recipients, "patience": PATIENCE_SECONDS})
        if seen["chats"] < recipients:
            raise BenchFailed(f"{program.name} told {seen['chats']} of {recipients} in {PATIENCE_SECONDS:.0f} s")
        return seen, running.peak_megabytes()


def _begun(tx: Transaction, recipients: int) -> None:
    """Persons 1…recipients on Telegram, and an announcement to all of them that has just begun."""
    now = datetime(2014, 1, 1, tzinfo=UTC)  # before every rehearsal
    who = {"language": "fr", "language_chosen": False, "created_at": now, "last_seen_at": now, "side": "", "role": ""}
    where = {"channel": "telegram", "created_at": now, "used_at": now, "choices": [], "reachable": True}
    for start in range(1, recipients + 1, 10_000):
        block = range(start, min(start + 10_000, recipients + 1))
        tx.execute(insert(person), [{"id": n, **who} for n in block])
        tx.execute(insert(account), [{"id": n, "person_id": n, "address": str(n), **where} for n in block])
    text = TEXT.replace("<b>", "**").replace("</b>", "**")
    made = broadcast.edit(tx, broadcast.draft(tx, author="bench", now=now), texts={"fr": text})
    assert made is not None
    broadcast.send(tx, made, now)


def _summed(
    name: str,
    rate: int,
    rows: list[Once],
    raw: dict[tuple[str, int], list[Once]],
) -> Sent:
    seen = [each for each, _ in rows]
    return Sent(
        name,
        rate,
        per_second=median(each["messages"] / each["seconds"] for each in seen),
        cpu_per_1000=median(_cpu(each) * 1000 for each in seen),
        against={
            peer: median(_cpu(ours) / _cpu(theirs) for ours, (theirs, _) in zip(seen, others, strict=True))
            for (peer, _), others in raw.items()
            if peer != "Passerelle"
        },
        peak_megabytes=max(megabytes for _, megabytes in rows),
        busiest=max(each["busiest"] for each in seen),
        twice=sum(each["twice"] for each in seen),
        double_busy=median(each["own_cpu"] / each["seconds"] for each in seen),
    )


def _cpu(seen: dict[str, Any]) -> float:
    """Seconds a message."""
    return float(max(seen["cpu"], 0.001) / max(seen["messages"], 1))


def show(report: Report, console: Console) -> None:
    peers = [row.program for row in report.rows if row.program != "Passerelle"]
    table = Table(title=f"An announcement to {report.recipients}")
    for column in ("", "allowed/s", "messages/s", "CPU-s per 1,000", *(f"{peer} = 1" for peer in peers), "peak MB"):
        table.add_column(column, justify="right" if column else "left")
    for column in ("most in 1 s", "told twice", "double busy"):
        table.add_column(column, justify="right")
    for row in report.rows:
        table.add_row(
            row.program, f"{row.rate:,}" if row.rate else "any", f"{row.per_second:.0f}", f"{row.cpu_per_1000:.2f}",
            *(f"{row.against[peer]:.2f}" if peer in row.against else "–" for peer in peers),
            f"{row.peak_megabytes:.0f}", f"{row.busiest:,}", str(row.twice), f"{row.double_busy:.0%}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"{report.repeat} repetitions, medians; only ratios of one run count. Passerelle: SQLite, synchronous=FULL,"
        " a keyboard under each message. The aiohttp loop commits before and after each call; the others keep nothing.",
        style="dim",
    )
    for note in report.notes:
        console.print(f"Note: {note}", style="yellow", markup=False)

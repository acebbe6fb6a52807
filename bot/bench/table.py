"""A report of `passerelle bench turn` as tables: what was measured, and what is asked."""

from math import inf

from rich.console import Console
from rich.table import Table

from bot.bench.programs import AIOGRAM, PTB
from bot.bench.turn import CHATS, RATE, USERS, Load, Report


def show(report: Report, console: Console) -> None:
    """Print it."""
    console.print(_loads(report))
    console.print(_bodies(report))
    table = Table("what is asked", "measured", "first", "goal", "reached", title="Against the product's bars")
    for row in _asked(report):
        table.add_row(*row)
    console.print(table)
    console.print(
        f"{report.repeat} × {report.seconds:g} s, medians; saturated: {USERS} people who write again as soon as they "
        f"are answered, {CHATS} chats in turn. Only ratios within this run count. Commits: Passerelle synchronous=FULL "
        "with an fsync a turn, the echoes NORMAL without. Asked by webhook, measured by polling.",
        style="dim",
    )
    for note in report.notes:
        console.print(f"Note: {note}", style="yellow", markup=False)


def _loads(report: Report) -> Table:
    table = Table(title="Updates")
    for name in ("bot", "updates/s", "CPU-s per 1,000", "per CPU-s, PTB = 1", "aiogram = 1", "p50 / p99 ms, saturated"):
        table.add_column(name, justify="left" if name == "bot" else "right")
    for name in (f"p50 / p99 ms at {RATE}/s", f"CPU-s per 1,000 at {RATE}/s", "messages each", "answered in order"):
        table.add_column(name, justify="right")
    for one in report.loads:
        table.add_row(
            one.bot if one.kind == "echo" else f"{one.bot}: {one.kind}",
            f"{one.per_second:.0f}",
            f"{one.cpu_per_1000:.2f}",
            *(f"{one.against[peer]:.2f}" if peer in one.against else "–" for peer in (PTB.name, AIOGRAM.name)),
            f"{one.saturated_ms[0]:.0f} / {one.saturated_ms[1]:.0f}",
            f"{one.open_ms[0]:.1f} / {one.open_ms[1]:.1f}",
            f"{one.open_cpu_per_1000:.2f}",
            f"{one.messages_each:.2f}",
            f"{one.answered - one.misplaced} of {one.asked}",
        )
    return table


def _bodies(report: Report) -> Table:
    table = Table(title="Start and memory")
    for name in ("bot", "first answer, s", "PTB = 1", "on an empty directory, s", "peak MB, idle", "peak MB, loaded"):
        table.add_column(name, justify="left" if name == "bot" else "right")
    for body in report.bodies:
        table.add_row(
            body.bot,
            f"{body.start_seconds:.2f}",
            f"{body.start_against[PTB.name]:.1f}" if PTB.name in body.start_against else "–",
            "–" if body.empty_seconds is None else f"{body.empty_seconds:.2f}",
            f"{body.idle_megabytes:.0f}",
            f"{body.loaded_megabytes:.0f}",
        )
    return table


def _asked(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Rows 1-4 and 13-15 of what is asked; those against a peer only where it ran."""
    ours = {one.kind: one for one in report.loads if one.kind != "echo"}
    body = report.bodies[-1]
    rows: list[tuple[str, str, str, str, str]] = []

    def at_least(what: str, measured: float, first: float, goal: float) -> None:
        reached = "goal" if measured >= goal else "first" if measured >= first else "no"
        rows.append((what, f"{measured:.2f}", f"≥ {first:g}", f"≥ {goal:g}", reached))

    def at_most(what: str, measured: float, first: float, goal: float, unit: str = "") -> None:
        reached = "goal" if measured <= goal else "first" if measured <= first else "no"
        rows.append((what, f"{measured:.2f}{unit}", _bar(first, unit), _bar(goal, unit), reached))

    def percentiles(one: Load) -> tuple[float, float]:
        return one.open_against[PTB.name]

    if PTB.name in body.start_against:
        for kind in ("button", "command"):
            at_least(f"1 {kind}: updates per CPU-s, PTB = 1", ours[kind].against[PTB.name], 0.4, 1.0)
        at_least("2 question: updates per CPU-s, PTB = 1", ours["question"].against[PTB.name], 0.25, 0.65)
        at_most(f"3 p50 at {RATE}/s, worst kind, PTB = 1", max(percentiles(one)[0] for one in ours.values()), 4, 1.5)
        at_most(f"3 p99 at {RATE}/s, worst kind, PTB = 1", max(percentiles(one)[1] for one in ours.values()), 10, 3)
    missing = sum(one.asked - one.answered + one.misplaced for one in ours.values())
    missing += report.lines_asked - report.lines_in_order
    at_most(f"4 unanswered or out of order (also of {report.lines_asked} sent by threes)", missing, 0, 0)
    worst = max(one.saturated_ms[1] / one.saturated_ms[0] for one in ours.values())
    at_most("4 p99 ÷ p50, saturated, worst kind", worst, inf, 2)
    at_most("13 peak RSS, idle", body.idle_megabytes, 200, 120, " MB")
    if PTB.name in body.start_against:
        at_most("14 start to first answer, PTB = 1", body.start_against[PTB.name], 10, 4)
    assert body.empty_seconds is not None
    at_most("15 start on an empty directory", body.empty_seconds, 10, 3, " s")
    return rows


def _bar(most: float, unit: str) -> str:
    return "–" if most == inf else f"≤ {most:g}{unit}"

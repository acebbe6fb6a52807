"""A programme as a table: a row a session, a heading for each column, as an organizer writes one.

Headings are known in French, Chinese and English, in any order. A text may say its language: "title (fr)". Several
values in a cell stand with ";" between them; a person's role in brackets: "Wang Fang (moderator)".
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.event.model import NIGHT_ENDS
from bot.exchange import values
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read, Row, clean, place_in_time

COLUMNS = {
    "id": "id identifiant slug guid uid code 编号 编码",
    "title": "title titre name nom summary subject 标题 题目 名称 主题名称",
    "abstract": "abstract description résumé resume 摘要 简介 内容",
    "day": "day date jour 日期 日",
    "start": "start begin begins début debut from heure 开始 开始时间 时间",
    "end": "end ends fin to until 结束 结束时间",
    "duration": "duration durée duree 时长",
    "part": "part partie 时段",
    "place": "place room salle lieu location 地点 会场 会议室 房间",
    "theme": "theme thème track thématique 主题 议题",
    "kind": "kind type genre 类型",
    "people": "people speakers speaker persons intervenants intervenant 嘉宾 演讲人 发言人",
    "languages": "languages language langue langues 语言",
    "interpretation": "interpretation interprétation 同传 翻译",
    "capacity": "capacity seats capacité places 容量 座位",
    "registration": "registration sign-up inscription 报名",
    "status": "status statut état 状态",
    "aliases": "aliases alias 别名",
}
BY_HEADING = {word: column for column, words in COLUMNS.items() for word in words.split()}
ROLE = re.compile(r"(.+?)\s*[(（](moderator|speaker|chair)[)）]", re.DOTALL)


def read(lines: Iterable[tuple[int, Sequence[Any]]], aim: Aim, out: Read) -> None:
    """The rows of a table into `out`. lines: (row number, cells), the headings first. Raises NotUnderstood where no
    column is a title or an id."""
    numbered = iter(lines)
    headings = next(((n, cells) for n, cells in numbered if any(map(clean, cells))), None)
    if headings is None:
        raise NotUnderstood("is empty")
    columns = [_column(clean(each), aim) for each in headings[1]]
    if not any(column is not None and column[0] in ("title", "id") for column in columns):
        raise NotUnderstood("has no column 'title' or 'id' in its first row")
    for place, heading in enumerate(headings[1]):
        column = columns[place]
        if column is not None and columns.index(column) != place:
            out.notes.append(f"two columns mean {column[0]!r}: “{clean(heading)}” is not read")
            columns[place] = None
    for number, cells in numbered:
        given: dict[tuple[str, str], Any] = {}
        for place, cell in enumerate(cells):
            if not _is_empty(cell):
                column = columns[place] if place < len(columns) else None
                if column:
                    given[column] = cell
                else:
                    name = clean(headings[1][place]) if place < len(headings[1]) else ""
                    out.fields[f"column “{name}”" if name else f"column {place + 1} (no heading)"] += 1
        if not given:
            continue
        row = Row(where=f"row {number}")
        try:
            _fill(row, given, aim, out)
            out.rows.append(row)
        except NotUnderstood as error:
            out.missed.append(Missed(row.where, str(error)))


def _column(heading: str, aim: Aim) -> tuple[str, str] | None:
    """(what it means, language or ""), None where it means nothing to us."""
    text = unicodedata.normalize("NFKC", heading).casefold().strip()
    if text in BY_HEADING:
        return BY_HEADING[text], aim.language if BY_HEADING[text] in ("title", "abstract") else ""
    found = re.fullmatch(r"(\S+?)[\s_(\[]+([a-z]{2,3}(?:-[a-z]{2,8})*)[)\]]?", text)
    if found and BY_HEADING.get(found[1]) in ("title", "abstract"):
        known = {each.casefold(): each for each in (*aim.event.details.scripts, *aim.event.details.languages)}
        if found[2] in known:
            return BY_HEADING[found[1]], known[found[2]]
    return None


def _is_empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _fill(row: Row, given: Mapping[tuple[str, str], Any], aim: Aim, out: Read) -> None:
    row.title = {language: clean(cell) for (name, language), cell in given.items() if name == "title"}
    row.abstract = {language: clean(cell) for (name, language), cell in given.items() if name == "abstract"}
    one = {name: cell for (name, language), cell in given.items() if not language}
    row.id = clean(_plain(one.get("id")))
    _hours(row, one, aim, out)
    for name in ("part", "place", "theme", "registration", "status"):
        if name in one:
            setattr(row, name, clean(_plain(one[name])))
    if "kind" in one:
        row.kind = values.kind(clean(one["kind"]))
        if row.kind is None:
            out.fields[f"type “{clean(one['kind'])}” (none of our kinds)"] += 1
    if "capacity" in one:
        text = clean(_plain(one["capacity"]))
        if not re.fullmatch(r"\d{1,7}", text, re.ASCII):
            raise NotUnderstood(f"{text!r} is no number of seats")
        row.capacity = int(text)
    for name in ("languages", "interpretation"):
        if name in one:
            setattr(row, name, tuple(part.lower() for part in re.split(r"[\s,;/、，；]+", clean(one[name])) if part))
    if "aliases" in one:
        row.aliases = _several(one["aliases"])
    if "people" in one:
        row.people = tuple(_person(each) for each in _several(one["people"]))


def _hours(row: Row, one: Mapping[str, Any], aim: Aim, out: Read) -> None:
    whole = values.moment(one["start"]) if "start" in one else None
    if whole is None and "day" in one and "start" not in one:
        whole = values.moment(one["day"])
        if isinstance(one["day"], datetime) and whole and whole.time() == datetime.min.time():
            whole = None  # a spreadsheet writes a mere day as its midnight
    day = values.day(one["day"], aim.event.details) if "day" in one and whole is None else None
    if whole is None and (day is None or "start" not in one):
        row.day = day
        if "start" in one:
            raise NotUnderstood(f"has an hour ({clean(one['start'])}) and no day")
        if "end" in one:
            row.end = values.hour(one["end"])
        return
    begins = whole or datetime.combine(day, values.hour(one["start"]))  # type: ignore[arg-type]  # seen above
    ends = None
    if "end" in one:
        ends = values.moment(one["end"])
        if ends is None:
            end = values.hour(one["end"])
            ends = datetime.combine(begins.date(), end, begins.tzinfo)
            if end < begins.time() and begins.hour >= 12 and end < NIGHT_ENDS:
                ends += timedelta(days=1)
    elif "duration" in one:
        ends = begins + values.duration(one["duration"])
    place_in_time(row, begins, ends, aim.zone, out)


def _plain(cell: Any) -> Any:
    """A spreadsheet keeps 12 as 12.0."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _several(cell: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in map(clean, re.split(r"[;；]", clean(cell))) if part))


def _person(text: str) -> tuple[str, str | None]:
    found = ROLE.fullmatch(text)
    return (found[1], found[2]) if found else (text, None)


def written(going: Going) -> list[list[str]]:
    """The programme as rows of texts, the headings first."""
    languages = going.event.details.scripts
    names_ = [name for name in COLUMNS if name not in ("title", "abstract", "duration")]
    headings = [
        "id",
        *(f"title ({each})" for each in languages),
        *names_[1:],
        *(f"abstract ({each})" for each in languages),
    ]
    out = [headings]
    for session in going.event.sessions:
        title, abstract = (text.as_dict() if text else {} for text in (session.title, session.abstract))
        cells = {
            "day": f"{session.day:%Y-%m-%d}" if session.day else "",
            "start": f"{session.start:%H:%M}" if session.start else "",
            "end": f"{session.end:%H:%M}" if session.end else "",
            "part": session.part or "",
            "place": going.place(session.place),
            "theme": going.theme(session.theme),
            "kind": session.kind,
            "people": "; ".join(f"{going.person(each.person)} ({each.role})" for each in session.people),
            "languages": "; ".join(session.languages),
            "interpretation": "; ".join(session.interpretation),
            "capacity": "" if session.capacity is None else str(session.capacity),
            "registration": session.registration,
            "status": session.status,
            "aliases": "; ".join(session.aliases),
        }
        out.append(
            [
                session.id,
                *(title.get(each, "") for each in languages),
                *(str(cells[name]) for name in names_[1:]),
                *(abstract.get(each, "") for each in languages),
            ]
        )
    return out

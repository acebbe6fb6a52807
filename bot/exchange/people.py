"""The participants' list as a table, CSV or XLSX: a row a participant, headings in French, Chinese or English.

Every fault is named with its row; a list with any is not taken at all.
"""

import csv as csv_
import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from bot.errors import BadInput, Fault
from bot.event.model import Event
from bot.event.strays import PEOPLE
from bot.exchange import csv, xlsx
from bot.exchange.rows import NotUnderstood, clean
from bot.people import participants
from bot.people.accounts import nearest
from bot.people.participants import CODE, CODE_IN_WORDS, FIELDS, Participant

LARGEST = 20_000_000  # bytes
TITLES = 10  # rows that may stand above the headings
COLUMNS = {
    "code": "code badge identifiant id 编号 代码 编码 邀请码 参会码 识别码",
    "name": "name nom full-name nom-complet nom-et-prénom participant 姓名 名字",
    "organisation": "organisation organization organisme institution structure company société 单位 机构 组织 公司",
    "side": "side partie côté pays country 方 国别 中方/法方 所属方",
    "role": "role rôle fonction statut function 角色 身份 类别",
    "delegation": "delegation délégation 代表团 团组",
    "language": "language langue lang 语言 语种",
    "email": "email e-mail mail courriel adresse-e-mail 邮箱 电子邮箱 电子邮件",
    "hotel": "hotel hôtel hébergement accommodation 酒店 住宿",
    "shuttle": "shuttle navette bus transfer transfert 班车 接驳车 接送",
    "table": "table 桌号 席位 桌次",
    "interpreter": "interpreter interprète 翻译 译员 口译",
    "speaker": "speaker intervenant intervenante 嘉宾 发言人 演讲人",
}
LENGTHS = {"name": 120, "organisation": 200, "delegation": 200, "email": 200} | dict.fromkeys(participants.PRIVATE, 300)
SIDES = {
    "french": "french fr france française francais french-side 法方 法国 法",
    "chinese": "chinese zh cn china chine chinois chinoise 中方 中国 中",
    "other": "other autre autres 其他 第三方",
}
ROLES = {
    "speaker": "speaker intervenant intervenante orateur 嘉宾 发言人 演讲人",
    "delegate": "delegate délégué déléguée participant participante 代表 参会者",
    "press": "press presse media médias 媒体 记者",
    "organizer": "organizer organiser organisateur organisatrice organisation 主办方 会务",
    "interpreter": "interpreter interprète 翻译 译员",
    "guest": "guest invité invitée 来宾",
}
LANGUAGES = {
    "fr": "french français 法语 法文",
    "zh": "chinese chinois mandarin 中文 汉语 普通话 简体 简体中文",
    "zh-Hant": "traditional-chinese chinois-traditionnel 繁体 繁體 繁体中文 繁體中文",
    "en": "english anglais 英语 英文",
}
ROLE = re.compile(r"[^\s,:，：]{1,40}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
HAPPENED = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")  # UTF-8 of a letter, in a file that is not of it
TORN = re.compile("[a-z][\u3400-\u9fff][a-z]")  # é and the letter after it, read as Chinese
READABLE = 0.7  # the share of signs beyond ASCII that letters and quotation marks have in a text of any language


def _key(text: str) -> str:
    """A word as it is compared: accents, case and what joins words aside."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return re.sub(r"[\s_.’'-]+", "-", bare).strip("-")


def _table(words: dict[str, str]) -> dict[str, str]:
    return {_key(word): ours for ours, all_ in words.items() for word in (ours, *all_.split())}


BY_HEADING, BY_SIDE, BY_ROLE, BY_LANGUAGE = _table(COLUMNS), _table(SIDES), _table(ROLES), _table(LANGUAGES)
OF_A_PROGRAMME = {"title", "titre", "start", "debut", "day", "jour", "标题", "开始", "日期", "session", "room", "salle"}


@dataclass(slots=True)
class Listed:
    """A list as read, by code. notes: what an organizer should know of, such as the encoding."""

    people: dict[str, Participant] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_list(path: Path) -> bool:
    """Whether a file is rather a participants' list than a programme, by its name or its headings."""
    if path.stem.casefold() in ("people", "participants"):
        return True
    try:
        _, headings, _ = _rows(path, path.read_bytes())
    except (BadInput, OSError):
        return False
    found = {BY_HEADING.get(_key(each), "") for each in headings}
    return {"code", "name"} <= found and not OF_A_PROGRAMME & {_key(each) for each in headings}


def of_folder(folder: Path, event: Event) -> Listed | None:
    """The list of an event's folder, None where it has none. Raises BadInput."""
    path = folder / PEOPLE
    return read(path, event) if path.is_file() else None


def read(path: Path, event: Event) -> Listed:
    """The list that the file holds. Raises BadInput with every fault, each with its row."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput([Fault(str(path), 0, f"is larger than {LARGEST // 1_000_000} MB", "is it the right file?")])
        data = path.read_bytes()
    except OSError as error:
        raise BadInput([Fault(str(path), 0, f"cannot be read: {error.strerror}")]) from error
    lines, headings, notes = _rows(path, data)
    out, faults = Listed(notes=notes), list[Fault]()
    columns = [BY_HEADING.get(_key(each), "") for each in headings]
    for missing in ("code", "name"):
        if missing not in columns:
            do = f"head it “{missing}”, or {', '.join(COLUMNS[missing].split()[1:5])}; the headings are one row"
            faults.append(Fault(path.name, 1, f"has no column “{missing}”", do))
    for n, (column, heading) in enumerate(zip(columns, headings, strict=True)):
        if column and columns.index(column) != n:
            fault = f"two columns mean “{column}”: “{headings[columns.index(column)]}” and “{heading}”"
            faults.append(Fault(path.name, 1, fault, "leave one of them out"))
        elif not column and heading:
            out.notes.append(f"column “{heading}” is not read")
    if faults:
        raise BadInput(faults)
    rows_of: dict[tuple[str, str], int] = {}  # ("code" or "speaker", value) -> its first row
    for number, cells in lines:
        given = {column: _text(cell) for column, cell in zip(columns, cells, strict=False) if column and _text(cell)}
        if any(map(_text, cells)):
            for column, cell in zip(columns, cells, strict=False):
                if column and isinstance(cell, date | time | timedelta):
                    do = "format the cell as text, and write it as the participant shall read it"
                    faults.append(Fault(path.name, number, f"“{cell}” as {column} is a date of the spreadsheet", do))
            _take(given, number, path.name, event, rows_of, out, faults)
    if not out.people and not faults:
        faults.append(Fault(path.name, 0, "holds nobody", "a row for each participant, below the headings"))
    if faults:
        raise BadInput(sorted(faults))
    return out


def _take(
    given: dict[str, str], number: int, file: str, event: Event, rows_of: dict[tuple[str, str], int], out: Listed,
    faults: list[Fault],
) -> None:  # fmt: skip
    """One row into the list, or its faults among the others."""

    def fault(what: str, do: str) -> None:
        faults.append(Fault(file, number, what, do))

    values = dict(given)
    code = values["code"] = participants.folded(given.get("code", ""))
    if not CODE.fullmatch(code):
        fault(f"“{given.get('code', '')}” is no code" if code else "has no code", f"write {CODE_IN_WORDS}")
    elif first := _earlier(rows_of, ("code", code), number):
        fault(f"has the code “{code}” of row {first}", "give each participant a code of their own")
    if "name" not in given:
        fault("has no name", "write it as on the badge")
    for name, longest in LENGTHS.items():
        if len(given.get(name, "")) > longest:
            fault(f"has {len(given[name])} characters as {name}", f"at most {longest} fit")
    for name, known in (("side", BY_SIDE), ("language", BY_LANGUAGE)):
        if name in given:
            said = given[name]
            ours = known.get(_key(said), "")
            if name == "language":
                ours = nearest(ours or said, event.details.languages)
            if not ours:
                wanted = SIDES if name == "side" else event.details.scripts
                fault(f"“{said}” is no {name} that is known", f"write one of {', '.join(wanted)}, or nothing")
            values[name] = ours
    if "role" in given:
        values["role"] = BY_ROLE.get(_key(given["role"]), re.sub(r"\s+", "-", given["role"].casefold()))
        if not ROLE.fullmatch(values["role"]):
            fault(f"“{given['role']}” is no role", "one word, as in an audience: speaker, delegate, press…")
    if "email" in given and not EMAIL.fullmatch(given["email"]):
        fault(f"“{given['email']}” is no e-mail address", "write one, as name@example.org, or nothing")
    if speaker := values.get("speaker", ""):
        if speaker not in event.person:
            near = difflib.get_close_matches(speaker, event.person, n=1, cutoff=0.4)
            do = f"did you mean {near[0]}?" if near else "write an id of 'people' in event.yaml, or nothing"
            fault(f"there is no person “{speaker}” in event.yaml", do)
        elif first := _earlier(rows_of, ("speaker", speaker), number):
            fault(f"is the speaker “{speaker}” of row {first}", "a person of the event is one participant")
    out.people[code] = Participant(**{name: values.get(name, "") for name in FIELDS})


def _earlier(rows_of: dict[tuple[str, str], int], key: tuple[str, str], number: int) -> int:
    """The row that has the same, 0 where this one is the first."""
    first = rows_of.setdefault(key, number)
    return first if first != number else 0


def _rows(path: Path, data: bytes) -> tuple[Iterable[tuple[int, Sequence[Any]]], list[str], list[str]]:
    """(rows below the headings, the headings, notes). Raises BadInput."""
    notes: list[str] = []
    try:
        if data.startswith(b"PK"):
            found = [(name, rows) for name, rows in xlsx.sheets(data) if rows]
            if not found:
                raise NotUnderstood("has no sheet with anything in it")
            headed = (
                (name, rows) for name, rows in found for _, cells in rows[:TITLES] if "name" in map(_heading, cells)
            )
            name, rows = next(headed, found[0])
            notes.append(f"sheet “{name}” is read" + (", and no other" if len(found) > 1 else ""))
        else:
            text, encoding = csv.decoded(data)
            _doubt(data, text, encoding)
            notes.append(f"read as {encoding}")
            rows = list(csv.lines_of(text))
    except (NotUnderstood, csv_.Error) as error:
        raise BadInput([Fault(str(path), 0, str(error), "save it as CSV in UTF-8, or as XLSX")]) from error
    filled = [(number, cells) for number, cells in rows if any(map(_text, cells))]
    if not filled:
        raise BadInput([Fault(str(path), 0, "is empty", "a row of headings, then one for each participant")])
    at = next((n for n, (_, cells) in enumerate(filled[:TITLES]) if {"code", "name"} <= {*map(_heading, cells)}), 0)
    if at:  # a title stands above the headings, as people make lists
        notes.append(f"what stands above the headings in row {filled[at][0]} is not read")
    return filled[at + 1 :], [_text(cell) for cell in filled[at][1]], notes


def _doubt(data: bytes, text: str, encoding: str) -> None:
    """Raises NotUnderstood where the bytes are letters in the encoding that was told from them, and no words."""
    if encoding == "CP1252" and HAPPENED.search(data):
        raise NotUnderstood("mixes UTF-8 with something else, or was cut in the middle of a letter")
    if encoding == "GB18030" and TORN.search(text):
        raise NotUnderstood("is in an encoding that cannot be told: Chinese signs stand inside of words")
    beyond = [sign for sign in text if ord(sign) > 127]
    readable = sum(1 for sign in beyond if unicodedata.category(sign)[0] in "LMNPZ")
    if "\N{REPLACEMENT CHARACTER}" in text or readable < READABLE * len(beyond):
        raise NotUnderstood(f"cannot be read as {encoding}, nor as anything else that is known")


def _heading(cell: object) -> str:
    return BY_HEADING.get(_key(_text(cell)), "")


def _text(cell: object) -> str:
    """A cell in one line; a spreadsheet keeps 12 as 12.0."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join("".join(c if c.isprintable() else " " for c in clean("" if cell is None else cell)).split())

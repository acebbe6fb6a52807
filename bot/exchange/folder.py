"""Writes an import into an event's folder, changing only the lines of what changes.

As in `bot.event.edit`, the parser's marks say where each field stands: comments, order and line breaks of all else
stay the organizer's own. What was written is read again before any file is replaced; then all are, or none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from bot.errors import BadInput, Fault
from bot.event import load
from bot.event import yaml as ours
from bot.event.model import Event, Person, Place, Session, Theme

WIDTH = 110
SHORT = 90  # signs of a list or mapping that stands in one line

_Thing = Session | Place | Person | Theme

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Dumper(yaml.SafeDumper):
    """Long texts as |- blocks, as docs/event-data.md wants them."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value)
    node.flow_style = all(isinstance(each, str) and "\n" not in each for each in value.values()) and _is_short(value)
    return node


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value)
    node.flow_style = all(isinstance(each, str) and "\n" not in each for each in value) and _is_short(value)
    return node


class _Block(dict[str, Any]):
    """What is written a field a line, however short."""


def _block(dumper: yaml.SafeDumper, value: _Block) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=False)


def _is_short(value: Any) -> bool:
    return len(str(value)) < SHORT


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(_Block, _block)


@dataclass(frozen=True, slots=True)
class Written:
    """A file's new text, not yet in place."""

    file: Path
    text: str


def readable(folder: Path) -> Event:
    """The event of the folder. Texts may be missing in it, but no session or place: what cannot be read would be
    taken for new. Raises BadInput."""
    event, faults = load.read(folder)
    if event is None:
        raise BadInput(faults)
    for name, things in (("programme.yaml", event.session), ("places.yaml", event.place)):
        if (folder / name).exists():
            value = ours.read(folder / name, name).value or []
            if not isinstance(value, list) or len(value) != len(things):
                raise BadInput(faults)
    return event


def texts(folder: Path, old: Event, new: Event) -> list[Written]:
    """The files that change from `old` to `new`, with their new text. Raises BadInput where one is written in a way
    that cannot be added to."""
    out: list[Written] = []
    kinds: tuple[tuple[str, Mapping[str, _Thing], Mapping[str, _Thing], str], ...] = (
        ("places.yaml", old.place, new.place, ""),
        ("programme.yaml", old.session, new.session, ""),
        ("event.yaml", old.person, new.person, "people"),
        ("event.yaml", old.theme, new.theme, "themes"),
    )
    for name, before, after, key in kinds:
        changed = [thing for id_, thing in after.items() if before.get(id_) != thing]
        if not changed:
            continue
        earlier = next((each for each in out if each.file.name == name), None)
        text = earlier.text if earlier else _read(folder / name)
        for thing in changed:
            if was := before.get(thing.id):
                text = _with(text, _plain(thing), _plain(was), key, name)
        added = [_plain(thing) for thing in changed if thing.id not in before]
        if added:
            text = _appended(text, added, _list(text, key, name), key, name)
        if earlier:
            out.remove(earlier)
        out.append(Written(folder / name, text))
    return out


def save(files: Sequence[Written], new: Event) -> None:
    """Replace all files or none. Raises BadInput where it does not read as `new` or cannot be written."""
    parts = [(each.file, each.file.with_name(f".{each.file.name}.part")) for each in files]
    before = {file: file.read_bytes() if file.exists() else None for file, _ in parts}
    try:
        for each, (_, part) in zip(files, parts, strict=True):
            part.write_text(each.text, encoding="utf-8")
            _prove(part, each.file.name, new)
        try:
            for file, part in parts:
                part.replace(file)
        except OSError:
            for file, was in before.items():
                if was is None:
                    file.unlink(missing_ok=True)
                else:
                    file.write_bytes(was)
            raise
    except OSError as error:
        raise BadInput(
            [Fault(str(error.filename or ""), 0, f"cannot be written: {error.strerror}", "copy the event's folder")]
        ) from error
    finally:
        for _, part in parts:
            part.unlink(missing_ok=True)


def _prove(part: Path, name: str, new: Event) -> None:
    """That the file reads as the event says."""
    document = ours.read(part, name)
    if document.faults:
        raise BadInput(document.faults)
    zone = new.details.time_zone
    value: Any = document.value
    kinds: Mapping[str, Sequence[tuple[Callable[[Any], BaseModel], Any, Mapping[str, BaseModel]]]] = {
        "places.yaml": [(Place.model_validate, value, new.place)],
        "programme.yaml": [(lambda each: Session.model_validate({**each, "zone": zone}), value, new.session)],
        "event.yaml": [
            (Person.model_validate, value.get("people") if name == "event.yaml" else (), new.person),
            (Theme.model_validate, value.get("themes") if name == "event.yaml" else (), new.theme),
        ],
    }
    for make, items, expected in kinds[name]:
        try:
            found = {each["id"]: make(each) for each in items or ()}
        except (ValueError, KeyError, TypeError) as error:
            raise _by_hand(name) from error
        if found != dict(expected):
            raise _by_hand(name)


def _list(text: str, key: str, name: str) -> yaml.Node | None:
    """The list of the file, or the one under `key`; None where there is none yet."""
    root = yaml.compose(text, Loader=_Loader)
    if not key:
        return root
    if not isinstance(root, yaml.MappingNode):
        raise _by_hand(name)
    return next((value for label, value in root.value if label.value == key), None)


def _with(text: str, thing: Mapping[str, Any], was: Mapping[str, Any], key: str, name: str) -> str:
    root = _list(text, key, name)
    if isinstance(root, yaml.SequenceNode) and not root.flow_style:
        for n, item in enumerate(root.value):
            if isinstance(item, yaml.MappingNode) and any(
                label.value == "id" and value.value == thing["id"] for label, value in item.value
            ):
                following = root.value[n + 1].start_mark.line if n + 1 < len(root.value) else None
                return _changed(text, item, following, thing, was, name)
    raise _by_hand(name)


def _appended(text: str, things: Sequence[Mapping[str, Any]], root: yaml.Node | None, key: str, name: str) -> str:
    block = ("" if key else "\n").join(_dumped([_Block(thing)]) for thing in things)
    if not key:
        if root is not None and (not isinstance(root, yaml.SequenceNode) or root.flow_style):
            raise _by_hand(name)
        return f"{text.rstrip()}\n\n{block}" if text.strip() else block
    if root is None:
        return f"{text.rstrip()}\n\n{key}:\n{_indented(block, 2)}"
    if not isinstance(root, yaml.SequenceNode) or root.flow_style or not root.value:
        raise _by_hand(name)
    lines = text.splitlines(keepends=True)
    column = root.start_mark.column
    # The list's end is where the next word stands, or the end of the file.
    after = root.end_mark.line + (root.end_mark.column > column)
    end = _end(lines, root.value[-1].start_mark.line, after, column)
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], _indented(block, column), *lines[end:]])


def _changed(
    text: str,
    item: yaml.MappingNode,
    following: int | None,
    thing: Mapping[str, Any],
    was: Mapping[str, Any],
    name: str,
) -> str:
    """The text with the fields of one item that differ written anew, each in its place; new ones at its end."""
    if item.flow_style:
        raise _by_hand(name)
    lines = text.splitlines(keepends=True)
    column = item.start_mark.column
    last = _end(lines, item.start_mark.line, following if following is not None else len(lines), column)
    starts = {label.value: label.start_mark.line for label, _ in item.value}
    if len(set(starts.values())) < len(starts):
        raise _by_hand(name)
    bounds = [*sorted(starts.values()), last]
    edits: list[tuple[int, int, str]] = []
    for field in dict.fromkeys([*was, *thing]):
        if was.get(field) == thing.get(field):
            continue
        block = _indented(_dumped(_Block({field: thing[field]})), column) if field in thing else ""
        if field in starts:
            begin = starts[field]
            stop = _end(lines, begin, bounds[bounds.index(begin) + 1], column + 1)
            if begin == item.start_mark.line:
                raise _by_hand(name)  # the first stands behind the "- "; it is the id in all that we write
            edits.append((begin, stop, block))
        else:
            edits.append((last, last, block))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for begin, stop, block in sorted(edits, key=lambda each: each[0], reverse=True):
        lines[begin:stop] = [block]
    return "".join(lines)


def _end(lines: Sequence[str], begin: int, end: int, column: int) -> int:
    """The line after the last one of what begins at `begin`: blank lines and comments before `end` that stand further
    left than its content are of what follows."""
    end = min(end, len(lines))
    while end > begin + 1:
        line = lines[end - 1]
        indent = len(line) - len(line.lstrip())
        if line.strip() and not (line.lstrip().startswith("#") and indent < max(column, 1)):
            break
        end -= 1
    return end


def _plain(thing: BaseModel) -> dict[str, Any]:
    """A thing as it is written: no defaults; dates as dates, hours as "09:30"."""
    out = thing.model_dump(mode="json", exclude_defaults=True, exclude={"zone"})
    for name in ("day", "as_of"):
        if out.get(name):
            out[name] = getattr(thing, name)
    for name in ("start", "end"):
        if isinstance(thing, Session) and out.get(name):
            out[name] = out[name][:5]
    return out


def _dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)


def _indented(block: str, column: int) -> str:
    return "".join(" " * column + line if line.strip() else line for line in block.splitlines(keepends=True))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _by_hand(name: str) -> BadInput:
    return BadInput(
        [Fault(name, 0, "is written in a way that cannot be added to", "write its lists as '- id: …' lines")]
    )


def names(files: Iterable[Written]) -> str:
    return ", ".join(each.file.name for each in files)

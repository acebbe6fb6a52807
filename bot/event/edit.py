"""Adds to an event's files without rewriting them: comments, order and line breaks stay an organizer's own.

A round trip through a YAML library would re-wrap the lists and quotes of the whole file; here the parser's
marks say where the new line goes, and the result is read again before anything is saved.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadInput, Fault

Additions = Mapping[str, Sequence[str]]  # language -> questions


def file_of(files: Sequence[Path], entry_id: str) -> Path | None:
    """The one of `files` that holds the entry."""
    for file in files:
        if entry_id in file.read_text(encoding="utf-8") and any(e.get("id") == entry_id for e in _value(file)):
            return file
    return None


def with_questions(text: str, entry_id: str, added: Additions, name: str) -> str:
    """The file's `text` with these example questions after those that the entry has.

    name: of the file, for its faults. Raises BadInput where the entry is written in a way that this cannot add to.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entry = _entry(root, entry_id)
    questions = _get(entry, "questions") if entry is not None else None
    if not isinstance(questions, yaml.MappingNode) or questions.flow_style:
        raise _by_hand(name, entry_id)
    insertions: list[tuple[int, str]] = []
    for language, wanted in added.items():
        given = _get(questions, language)
        if given is None:
            column = questions.start_mark.column
            lines = [" " * column + f"{language}:", *_items(wanted, column + 2)]
            insertions.append(
                (_line_end(text, _last(questions).end_mark.index), "".join(f"\n{each}" for each in lines))
            )
        elif not isinstance(given, yaml.SequenceNode) or not given.value or _is_block_text(given.value[-1]):
            raise _by_hand(name, entry_id)
        elif given.flow_style:
            insertions.append((given.value[-1].end_mark.index, "".join(f", {_quoted(each)}" for each in wanted)))
        else:
            lines = _items(wanted, given.start_mark.column)
            insertions.append((_line_end(text, given.value[-1].end_mark.index), "".join(f"\n{each}" for each in lines)))
    out = text
    for at, inserted in sorted(insertions, reverse=True):
        out = out[:at] + inserted + out[at:]
    _check(text, out, entry_id, added, name)
    return out


def with_entry(text: str, entry: Mapping[str, Any]) -> str:
    """The file's `text` with one entry more at its end; `entry` as JSON values, in the order to be written."""
    block = yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=110)
    return f"{text.rstrip()}\n\n{block}" if text.strip() else block


def save(file: Path, text: str) -> None:
    """Write the file so that it is either the old or the new one at any moment. Raises BadInput where it cannot be."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise BadInput(
            [Fault(str(file), 0, f"cannot be written: {error.strerror}", "copy the event's folder")]
        ) from error


def _check(before: str, after: str, entry_id: str, added: Additions, name: str) -> None:
    """That what is read afterwards is what was read before and the additions, no more and no less."""
    expected = yaml.load(before, Loader=yaml.BaseLoader)  # noqa: S506  scalars stay strings, nothing is made
    for entry in expected:
        if entry["id"] == entry_id:
            for language, wanted in added.items():
                entry["questions"].setdefault(language, []).extend(wanted)
    try:
        found = yaml.load(after, Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError:
        found = None
    if found != expected:
        raise _by_hand(name, entry_id)


def _by_hand(name: str, entry_id: str) -> BadInput:
    return BadInput([Fault(name, 0, f"{entry_id} is written in a way that cannot be added to", "add it by hand")])


def _value(file: Path) -> list[dict[str, Any]]:
    value = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _entry(root: yaml.Node | None, entry_id: str) -> yaml.MappingNode | None:
    for node in root.value if isinstance(root, yaml.SequenceNode) else ():
        if isinstance(node, yaml.MappingNode) and getattr(_get(node, "id"), "value", None) == entry_id:
            return node
    return None


def _get(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _last(node: yaml.Node) -> yaml.Node:
    """The last scalar in `node`, or the flow list that it ends with."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _is_block_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _items(texts: Sequence[str], column: int) -> list[str]:
    return [" " * column + f"- {_quoted(each)}" for each in texts]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a YAML string in double quotes, too

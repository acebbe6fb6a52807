"""YAML with the line of every value, read by PyYAML's C parser.

Scalars stay strings (pydantic makes dates, hours and numbers of them), so that an unquoted 14:30 is
an hour and not 870, and the language `no` is not False.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Fault

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # a PyYAML built without libyaml: slower, the same result
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

Path_ = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """One file: its value (dicts, lists, strings, None) and the line (from 1) of each path in it."""

    file: str
    value: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path_) -> int:
        """The line of `path`, or of the nearest thing around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(path: Path, name: str) -> Document:
    """`path` as a Document called `name`; what cannot be parsed is a fault in it, never an exception."""
    document = Document(name)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        do = "look at this line and the one above: indentation, a missing quote or colon"
        document.faults.append(Fault(name, mark.line + 1 if mark else 0, f"not valid YAML: {what}", do))
    except OSError as error:
        do = "look at its name" if isinstance(error, FileNotFoundError) else "look at its permissions"
        document.faults.append(Fault(name, 0, f"cannot be read: {error.strerror}", do))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        document.faults.append(Fault(name, 0, f"cannot be read: {error}", "save the file as UTF-8"))
    else:
        document.value = _value(node, (), document) if node is not None else None
    return document


def _value(node: yaml.Node, path: Path_, document: Document) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in out:
                document.faults.append(Fault(document.file, line, f"{key!r} stands twice here", "keep one"))
            document.lines[(*path, key)] = line
            out[key] = _value(value_node, (*path, key), document)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, n), document) for n, item in enumerate(node.value)]
    text = str(node.value)
    is_plain = node.style is None  # type: ignore[attr-defined]
    return None if is_plain and text in {"", "~", "null", "Null", "NULL"} else text

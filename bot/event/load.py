"""An event folder as an Event, or every fault in it at once."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.errors import BadInput, Fault, NoSuchEvent
from bot.event import check, strays, yaml
from bot.event.model import Details, Entry, Event, Place, Session, Topic
from bot.event.yaml import Document
from bot.text.words import folder

FIRST = "mend the file, then check again"

M = TypeVar("M", bound=BaseModel)


def find(name: str) -> Path:
    """The folder of `name`: a path, or the name of an event shipped with the product. Raises NoSuchEvent, and BadInput
    for a folder without an `event.yaml`."""
    here = Path(name)
    if (here / "event.yaml").is_file():
        return here
    shipped = folder("data")
    if name and (shipped / name / "event.yaml").is_file():
        return shipped / name
    if name and here.is_dir():
        raise BadInput([Fault(f"{here}/event.yaml", 0, "is missing", "see docs/event-data.md")])
    raise NoSuchEvent(name, sorted(p.parent.name for p in shipped.glob("*/event.yaml")))


def digest(path: Path) -> str:
    """SHA-256 of all that `load(path)` would read, packs included: equal digests are equal events."""
    total = hashlib.sha256()
    for file in sorted(files(path), key=lambda file: (file.name, file.parent.name, file.parent.parent.name)):
        total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def load(path: Path) -> Event:
    """The event in `path`, with the packs it includes. Raises BadInput with every fault found. The same files are read
    once in a process: a second of work that whoever opens several databases need not repeat."""
    here = path.resolve()
    return _loaded(path, digest(path), tuple(sorted(file.relative_to(here) for file in here.rglob("*"))))


@lru_cache(maxsize=8)
def _loaded(path: Path, _digest: str, _names: tuple[Path, ...]) -> Event:
    """_names: of all files, since one that is not read is a fault too."""
    event, faults = read(path)
    if faults or event is None:
        raise BadInput(faults)
    return event


def read(path: Path) -> tuple[Event | None, list[Fault]]:
    """The event, as far as it can be made, and every fault with file and line.

    Causes alone: what leads nowhere only because a file or a thing in it could not be read is no fault of its own.
    """
    causes: list[Fault] = []  # of files as a whole: told first, since they may explain others
    faults: list[Fault] = []
    unread: dict[str, set[str] | None] = {}  # see check.Lines
    origin: dict[tuple[str, str], tuple[Document, yaml.Path_]] = {}

    def lost(kind: str, *ids: str) -> None:
        """Note that something of `kind` could not be read: those ids, or nobody knows which."""
        if not ids:
            unread[kind] = None
        elif (known := unread.setdefault(kind, set())) is not None:
            known.update(ids)

    def open_(file: Path) -> Document:
        document = yaml.read(file, strays.label(path, file))
        causes.extend(document.faults)
        return document

    def many(kind: type[M], files: Iterable[Path], **extra: Any) -> list[M]:
        out = []
        name = kind.__name__.lower()
        for file in files:
            document = open_(file)
            if not isinstance(document.value, list):
                if not document.faults and document.value is not None:
                    causes.append(Fault(document.file, 1, "should be a list", "begin each thing with '- id: …'"))
                if document.faults or document.value is not None:
                    lost(name)
                continue
            for n, value in enumerate(document.value):
                made = _make(kind, value, document, (n,), faults, **extra)
                if made is not None:
                    out.append(made)
                    origin.setdefault((kind.__name__, made.id), (document, (n,)))  # type: ignore[attr-defined]
                elif isinstance(value, dict) and isinstance(value.get("id"), str):
                    lost(name, value["id"])
                else:
                    lost(name)
        return out

    if not (path / "event.yaml").is_file():
        return None, [Fault(f"{path}/event.yaml", 0, "is missing", "see docs/event-data.md")]
    document = open_(path / "event.yaml")
    details = _make(Details, document.value, document, (), faults)
    zone = details.time_zone if details else "UTC"
    packs = []
    for n, name in enumerate(details.include if details else ()):
        pack = _pack(path, name)
        if pack is None:
            line = document.line(("include", n))
            causes.append(Fault("event.yaml", line, f"no pack {name!r} beside this folder", "see data/"))
            lost("entry")
        else:
            packs.append(pack)
    places = many(Place, _present(path / "places.yaml"))
    sessions = many(Session, _present(path / "programme.yaml"), zone=zone)
    entries = many(Entry, [f for base in (path, *packs) for f in sorted((base / "faq").glob("*.yaml"))])
    topics = many(Topic, [folder("data") / "topics.yaml"])
    causes += strays.misnamed(path, packs)
    if details is None:
        what = "what refers to it (languages, themes, people, texts) was not checked"
        causes.append(Fault("event.yaml", 0, what, FIRST))
        return None, [*sorted(causes), *sorted(faults)]
    event = Event(
        details=details,
        places=tuple(places),
        sessions=tuple(sessions),
        entries=tuple(entries),
        topics=tuple(topics),
    )
    for kind, file in (("session", "programme.yaml"), ("place", "places.yaml")):
        if not (path / file).is_file() and check.refers(event, kind):
            causes.append(Fault(file, 0, "is missing, and other files refer to it", "see docs/event-data.md"))
            lost(kind)
    for kind in (kind for kind, ids in unread.items() if ids is None):
        causes.append(Fault(check.IDS_IN[kind], 0, f"what refers to a {kind} was not checked", FIRST))
    faults.extend(check.event(event, check.Lines(document, origin, unread)))
    return event, [*sorted(causes), *sorted(set(faults))]


def _make(kind: type[M], value: Any, document: Document, at: yaml.Path_, faults: list[Fault], **extra: Any) -> M | None:
    if not isinstance(value, dict):
        if value is not None or not document.faults:
            faults.append(Fault(document.file, document.line(at), "should be a mapping", "write 'id: …' and so on"))
        return None
    try:
        return kind.model_validate({**value, **extra})
    except ValidationError as error:
        meant = [check.explain(problem, kind)[1] for problem in error.errors() if problem["type"] == "extra_forbidden"]
        for problem in error.errors():
            if problem["type"] == "missing" and f"did you mean {problem['loc'][-1]!r}?" in meant:
                continue  # it is there, misspelt
            path = tuple(p for p in problem["loc"] if not (isinstance(p, str) and ("[" in p or "-" in p)))
            # A text's own errors come with the name of the way it was tried; the first word is the field.
            what, do = check.explain(problem, kind)
            name = ".".join(str(p) for p in path if p != "[key]")
            fault = Fault(document.file, document.line((*at, *path)), f"{name}: {what}", do)
            if fault not in faults:
                faults.append(fault)
        return None


def _present(file: Path) -> list[Path]:
    return [file] if file.is_file() else []


def _pack(path: Path, name: str) -> Path | None:
    for candidate in (path.parent / name, folder("data") / name):
        if candidate.is_dir():
            return candidate
    return None


def packs(path: Path) -> list[Path]:
    """The folders of the packs that the event in `path` includes."""
    value = yaml.read(path / "event.yaml", "event.yaml").value
    names = value.get("include") or [] if isinstance(value, dict) else []
    return [pack for name in names if isinstance(name, str) and (pack := _pack(path, name))]


def files(path: Path) -> list[Path]:
    """All files that `load(path)` reads, those of packs included."""
    folders = (path, *packs(path))
    found = [file for base in folders for each in (base, base / "faq") for file in each.glob("*.yaml")]
    return sorted([*found, folder("data") / "topics.yaml"])

"""Files of an event folder that nothing reads: a misspelt name is a fault, since what it holds would be missed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from bot.errors import Fault

READ = ("event.yaml", "places.yaml", "programme.yaml")
PEOPLE = "people.csv"  # the participants' list, which goes into the database and into no version
OF_A_PACK = ("pack.yaml",)
IN_FAQ = "faq"
YAML = (".yaml", ".yml")
OF_OTHERS = (".md", ".npz")  # read by people, and by the answering engine
NEAR = 60


def misnamed(path: Path, packs: Sequence[Path]) -> list[Fault]:
    """A fault for each YAML file of the event's folder or a pack that is not read where, or as, it is called."""
    return [
        Fault(label(path, file), 0, "is not read", _called(file, base, names))
        for base, names in ((path, READ), *((pack, OF_A_PACK) for pack in packs))
        for file in _unread(base, names)
        if file.suffix.lower() in YAML
    ]


def others(path: Path) -> list[Fault]:
    """What else lies in the event's folder and is not read: worth a word, and no fault."""
    return [
        Fault(label(path, file), 0, "is not read")
        for file in _unread(path, (*READ, PEOPLE))
        if file.suffix.lower() not in (*YAML, *OF_OTHERS)
    ]


def label(path: Path, file: Path) -> str:
    """How a file of the event in `path` is called: from its folder, a pack's with the pack's name."""
    if file.is_relative_to(path):
        return file.relative_to(path).as_posix()
    return Path(*file.parts[-3:] if file.parent.name == IN_FAQ else file.parts[-2:]).as_posix()


def _unread(base: Path, names: Sequence[str]) -> Iterator[Path]:
    for file in sorted(base.rglob("*")):
        inside = file.relative_to(base)
        is_hidden = any(part.startswith(".") or part.endswith("~") for part in inside.parts)
        is_entry = inside.parts[:-1] == (IN_FAQ,) and file.suffix == ".yaml"
        if file.is_file() and not is_hidden and not is_entry and inside.as_posix() not in names:
            yield file


def _called(file: Path, base: Path, names: Sequence[str]) -> str:
    inside = file.relative_to(base)
    if inside.parts[0] == IN_FAQ:
        return f"call it {IN_FAQ}/{file.stem}.yaml"
    near = process.extractOne(f"{file.stem}.yaml", names, scorer=fuzz.ratio, score_cutoff=NEAR)
    return f"did you mean {near[0]}?" if near else f"questions and answers belong in {IN_FAQ}/"

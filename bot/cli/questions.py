"""`passerelle questions`: what was not answered well, brought together, and put right by a person."""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot import opening
from bot.answers import warming
from bot.answers.engine import Engine
from bot.answers.outcome import Outcome
from bot.cli import progress
from bot.cli.asking import agreed
from bot.desk import groups, unanswered
from bot.desk.groups import Group
from bot.errors import BadInput, Fault
from bot.event import edit, load
from bot.event.model import Entry, Event
from bot.opening import Opened
from bot.settings import Settings

AFFECTED = 300  # example questions, the likest to what is added, that are asked again before saving
SHOWN = 20  # of those that would be answered otherwise
SOURCE = "delegates’ questions"

Texts = Mapping[str, Sequence[str]]  # by language


def main(options: argparse.Namespace, settings: Settings) -> int:
    folder = load.find(settings.event)
    opened = opening.open_store(settings)
    try:
        desk = Desk(folder, load.load(folder), opened, settings)
        match options.do:
            case "show":
                return desk.show(options.number, as_json=options.json)
            case "accept":
                return desk.accept(options)
            case "dismiss":
                return desk.dismiss(options.numbers)
        return desk.list(dismissed=options.dismissed, as_json=options.json)
    finally:
        opened.store.close()


class Desk:
    """The kept questions beside the event's folder, and the engine that tells how they would be answered."""

    def __init__(self, folder: Path, event: Event, opened: Opened, settings: Settings) -> None:
        self.folder, self.event, self.opened, self.settings = folder, event, opened, settings
        self._made: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._made is None:
            self._made = self._engine(self.event, "Reading the event")
        return self._made

    def _engine(self, event: Event, what: str) -> Engine:
        with progress.working(what):
            return warming.full(event, self.settings.embedder, warming.VECTORS)

    def groups(self, *, dismissed: bool = False) -> list[Group]:
        kept = self.opened.store.read_now(unanswered.kept, dismissed=dismissed)
        return groups.grouped(kept, self.engine.alike) if kept else []

    def group(self, number: int) -> Group:
        """Raises BadInput where there is none."""
        found = groups.holding(self.groups(dismissed=True), number)
        if found is None:
            raise BadInput([Fault(str(number), 0, "is no question that is kept", "see passerelle questions list")])
        return found

    # --- list, show, dismiss
    def list(self, *, dismissed: bool, as_json: bool) -> int:
        found = self.groups(dismissed=dismissed)
        if as_json:
            print(json.dumps([self._row(group) for group in found], ensure_ascii=False, default=str))
            return 0
        if not found:
            print("No question waits: all that was asked was answered, or was put right.")
            return 0
        now = {
            group.number: self.engine.ask(group.questions[0].text, hint=group.questions[0].language) for group in found
        }
        # What is answered by now, if perhaps not rightly, comes after what is not.
        for group in sorted(found, key=lambda group: now[group.number].kind == "answer"):
            first = group.questions[0]
            others = f" (+{len(group.questions) - 1})" if len(group.questions) > 1 else ""
            print(f"{group.number:>6}  {group.times:>4}×  {_languages(group):<8} {first.text}{others}")
            print(f"{'':21} now: {_said(now[group.number])}")
        print("\npasserelle questions show NUMBER | accept NUMBER ENTRY | dismiss NUMBER…")
        return 0

    def show(self, number: int, *, as_json: bool) -> int:
        group = self.group(number)
        if as_json:
            print(json.dumps(self._row(group), ensure_ascii=False, default=str))
            return 0
        for question in group.questions:
            days = f"{question.first_on}" + (f" to {question.last_on}" if question.last_on > question.first_on else "")
            state = ", dismissed" if question.dismissed else ""
            print(f"{question.id:>6}  {question.language}  {question.text}")
            unhelped = f" by {question.answer}" if question.answer else ""
            print(f"{'':8}{question.times}×, {days}, {question.fate}{unhelped}{state}")
            outcome = self.engine.ask(question.text, hint=question.language)
            print(f"{'':8}now: {_said(outcome)}")
            for match in (outcome.near or outcome.matches)[:5]:
                entry = self.event.entry.get(match.entry)
                if entry is not None:
                    print(f"{'':10}{match.score:.2f} {entry.id}: {' '.join(entry.answer.in_('en').split())[:90]}")
        return 0

    def dismiss(self, numbers: Sequence[int]) -> int:
        ids = [question.id for number in numbers for question in self.group(number).questions]
        self.opened.store.write_now(unanswered.dismiss, ids)
        print(f"{len(ids)} dismissed: no longer listed, but with list --dismissed.")
        return 0

    def _row(self, group: Group) -> dict[str, object]:
        first = group.questions[0]
        outcome = self.engine.ask(first.text, hint=first.language)
        return {
            "number": group.number,
            "times": group.times,
            "questions": [
                {"id": q.id, "lang": q.language, "text": q.text, "times": q.times, "fate": q.fate,
                 "first_on": q.first_on, "last_on": q.last_on, "dismissed": q.dismissed}
                for q in group.questions
            ],
            "kind": outcome.kind,
            "nearest": [
                {"entry": m.entry, "topic": m.topic, "score": m.score} for m in outcome.near or outcome.matches
            ],
        }  # fmt: skip

    # --- accept
    def accept(self, options: argparse.Namespace) -> int:
        group = self.group(options.number)
        wanted = [question for question in group.questions if question.id not in options.without]
        added: dict[str, list[str]] = {}
        for question in wanted:
            added.setdefault(question.language, []).append(question.text)
        change = self._as_entry(options, added) if options.new else self._as_examples(options.entry, added)
        print(f"{change.file}, {options.new or options.entry}:")
        for language, texts in change.news.items():
            print(*(f"  + {language}  {text}" for text in texts), sep="\n")
        if self.folder not in change.file.parents:
            print(f"  (a pack: every event that includes {change.file.parent.parent.name} is answered by it)")
        if change.news:
            self._check(change)
            # A new Event, not a copy: the tables that a copy would share are made from its entries.
            parts = {name: getattr(self.event, name) for name in Event.model_fields}
            event = Event(**{**parts, "entries": change.entries})
            self._effect(self._engine(event, "Trying it on the known questions"), change.news)
        if not (options.yes or agreed("Save?", "--yes")):
            print("Nothing was saved.")
            return 1
        if change.news:
            edit.save(change.file, change.after)
        self.opened.store.write_now(unanswered.drop, [question.id for question in wanted])
        print(f"Saved. To answer from it: passerelle publish {self.folder}")
        return 0

    def _as_examples(self, entry_id: str, added: Texts) -> "Change":
        """More example questions for an entry. Raises BadInput."""
        entry = self.event.entry.get(entry_id)
        if entry is None:
            do = "the id of an entry (see show), or --new ID --topic TOPIC --answer LANG=TEXT…"
            raise BadInput([Fault(entry_id or "ENTRY", 0, "is no entry of this event", do)])
        file = edit.file_of([f for f in load.files(self.folder) if f.parent.name == "faq"], entry_id)
        assert file is not None, "an entry that was loaded stands in a file"
        before = file.read_text(encoding="utf-8")
        given = entry.questions
        news = {
            language: [text for text in texts if text not in given.get(language, ())]
            for language, texts in added.items()
        }
        news = {language: texts for language, texts in news.items() if texts}
        after = edit.with_questions(before, entry_id, news, str(file)) if news else before
        more = {language: (*given.get(language, ()), *texts) for language, texts in news.items()}
        changed = entry.model_copy(update={"questions": {**given, **more}})
        entries = tuple(changed if each.id == entry_id else each for each in self.event.entries)
        return Change(file, after, news, entries)

    def _as_entry(self, options: argparse.Namespace, added: Texts) -> "Change":
        """An entry of their own. Raises BadInput."""
        if options.new in self.event.entry:
            do = f"to add to it: accept {options.number} {options.new}"
            raise BadInput([Fault(options.new, 0, "is an entry of this event already", do)])
        answers = {language: texts[0] for language, texts in _by_language(options.answer).items()}
        questions = _by_language(options.question)
        for language, texts in added.items():
            questions[language] = [*texts, *questions.get(language, ())]
        if not options.topic or not answers:
            do = "--topic wifi --answer fr=… --answer zh=… --answer en=…"
            raise BadInput([Fault(options.new, 0, "needs a topic and an answer in each language", do)])
        made = {
            "id": options.new, "topic": options.topic, "answer": answers, "questions": questions,
            "source": SOURCE, "confidence": "medium", "status": "known",
        }  # fmt: skip
        try:
            entry = Entry.model_validate(made)
        except ValidationError as error:
            faults = [Fault(".".join(map(str, each["loc"])), 0, each["msg"]) for each in error.errors()]
            raise BadInput(faults) from error
        file = self.folder / "faq" / f"{options.topic}.yaml"
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        return Change(file, edit.with_entry(before, made), questions, (*self.event.entries, entry))

    def _effect(self, engine: Engine, news: Texts) -> None:
        """What would be answered otherwise: of the kept questions, and of the examples nearest to what is added."""
        kept = self.opened.store.read_now(unanswered.kept, dismissed=True)
        known = [(q.text, q.language) for q in kept]
        texts = [(text, language) for language, each in news.items() for text in each]
        known += [pair for pair in self.engine.nearest_questions(texts, AFFECTED) if pair not in known]
        lines = []
        for text, language in known:
            was, now = self.engine.ask(text, hint=language), engine.ask(text, hint=language)
            if _said(was, scores=False) != _said(now, scores=False):
                lines.append(f"  {text}: {_said(was, scores=False)} → {_said(now, scores=False)}")
        known_ones = f"{len(known)} known questions ({len(kept)} kept, the rest examples)"
        print(f"Of {known_ones}, {len(lines)} would be answered otherwise.")
        print(*lines[:SHOWN], *([f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []), sep="\n")

    def _check(self, change: "Change") -> None:
        """Whether the event would be without fault, tried on a copy before the long trial. Raises BadInput."""
        with tempfile.TemporaryDirectory() as scratch:
            for each in (self.folder.resolve(), *load.packs(self.folder)):
                shutil.copytree(each, Path(scratch) / each.name)
            copy = Path(scratch) / change.file.resolve().parent.parent.name / "faq" / change.file.name
            copy.parent.mkdir(exist_ok=True)
            edit.save(copy, change.after)
            load.load(Path(scratch) / self.folder.resolve().name)


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the event as it will be, what is added to it by language, and all entries then."""

    file: Path
    after: str
    news: Texts
    entries: tuple[Entry, ...]


def _by_language(given: Sequence[str]) -> dict[str, list[str]]:
    """LANG=TEXT of the command line."""
    out: dict[str, list[str]] = {}
    for each in given:
        language, _, text = each.partition("=")
        out.setdefault(language.strip(), []).append(text.strip())
    return out


def _languages(group: Group) -> str:
    return " ".join(dict.fromkeys(question.language for question in group.questions))


def _said(outcome: Outcome, *, scores: bool = True) -> str:
    """An outcome in a line: "answer wifi-password 0.93", "suggest …", "refuse"."""

    def parts() -> Iterator[str]:
        yield outcome.kind
        for match in outcome.matches[:3]:
            yield f"{match.entry} {match.score:.2f}" if scores else match.entry

    return " ".join(parts())

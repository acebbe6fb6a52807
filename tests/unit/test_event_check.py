"""A broken folder is refused whole: every fault, each with its file, line and remedy."""

import shutil
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.event import load, strays
from tests.delegate import folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    target = tmp_path / "event"
    shutil.copytree(folder("tiny-event"), target)
    return target


def faults(path: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        load.load(path)
    return [str(fault) for fault in caught.value.faults]


def replace(path: Path, old: str, new: str) -> int:
    """Replace once; the line it stands on."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_shipped_events_have_no_fault() -> None:
    for name in ("strasbourg-2014", "demo", str(folder("tiny-event"))):
        _, found = load.read(load.find(name))
        assert found == []


def test_every_fault_of_every_file_is_listed_with_its_line(copy: Path) -> None:
    line = replace(copy / "programme.yaml", "title:", "titel:")
    replace(copy / "event.yaml", "Europe/Vienna", "Europe/Wien")
    (copy / "faq" / "broken.yaml").write_text("- id: x\n  topic: [unclosed\n", encoding="utf-8")
    found = faults(copy)
    assert any(f.startswith(f"programme.yaml:{line}: titel: is no field here → did you mean 'title'?") for f in found)
    assert any(f.startswith("event.yaml:") and "'Europe/Wien' is no time zone → did you mean" in f for f in found)
    assert any(f.startswith("faq/broken.yaml:") and "not valid YAML" in f for f in found)


def test_a_fact_from_after_the_event_is_a_fault(copy: Path) -> None:
    path = next((copy / "faq").glob("*.yaml"))
    text = path.read_text(encoding="utf-8")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if "as_of:" in line]
    path.write_text(text.replace(text.splitlines()[lines[0] - 1], "  as_of: 2030-01-01", 1), encoding="utf-8")
    assert any(f.startswith(f"faq/{path.name}:{lines[0]}: a fact of 2030-01-01, after the event") for f in faults(copy))


def test_a_reference_that_leads_nowhere_names_the_nearest(copy: Path) -> None:
    event, _ = load.read(copy)
    assert event is not None
    session = event.sessions[0].id
    (copy / "faq" / "more.yaml").write_text(
        f"""- id: more
  topic: wifi
  answer: {{de: "{{session:{session}x.when}}", en: "{{session:{session}.hour}}"}}
  questions: {{de: [a, b, c], en: [a, b, c]}}
  related: [{event.entries[0].id}x]
  place: nowhere
""",
        encoding="utf-8",
    )
    found = faults(copy)
    assert any("no place 'nowhere'" in f for f in found)
    assert any(f"did you mean '{event.entries[0].id}'?" in f for f in found)
    assert any(f.startswith("faq/more.yaml:3: ") and f"did you mean '{session}'?" in f for f in found)
    assert any("after the dot: day, end, people, place, start, title, when" in f for f in found)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("ends: 2027-09-14", "ends: 2027-09-13", "the event ends before it starts"),
        ("starts: 2027-09-14", "starts: 14.9.2027", "'14.9.2027' is no date → write 2014-11-06"),
        ("languages: [de, en]", "languages: []", "languages"),
        ("id: tiny-event", "id: tiny-event\nid: other", "'id' stands twice here"),
        ("en: Graz Readers’ Meeting", "xx: Graz", "has no text in en"),
        ("languages: [de, en]", "languages: [de, en]\nclock: soon", "'soon' is no moment → write 2014-11-05T09:00"),
        ("languages: [de, en]", "languages: [de, en]\nclock: 2027-09-13T09:00Z", "write it without a zone"),
    ],
)
def test_faults_of_the_event_file(copy: Path, old: str, new: str, what: str) -> None:
    replace(copy / "event.yaml", old, new)
    assert any(what in fault for fault in faults(copy))


def test_a_walk_leads_to_another_place_in_as_many_minutes_as_back(copy: Path) -> None:
    line = replace(copy / "places.yaml", "  kind: venue\n", "  kind: venue\n  walk: {sall: 2, haus: 1, saal: -1}\n")
    at = f"places.yaml:{line + 1}:"
    assert sorted(faults(copy)) == [
        f"{at} -1 minutes on foot → write 0 or more",
        f"{at} a walk from a place to itself → remove it",
        f"{at} no place 'sall' → did you mean 'saal'?",
    ]
    replace(copy / "places.yaml", "{sall: 2, haus: 1, saal: -1}", "{saal: 2}")
    replace(copy / "places.yaml", "- id: saal\n", "- id: saal\n  walk: {haus: 3}\n")
    assert any("2 minutes to 'saal', and 3 from there → write the walk once" in fault for fault in faults(copy))


def test_an_unquoted_hour_is_an_hour(copy: Path) -> None:
    text = (copy / "programme.yaml").read_text(encoding="utf-8").replace('"', "")
    (copy / "programme.yaml").write_text(text, encoding="utf-8")
    hours = [session.start for session in load.load(copy).sessions if session.start]
    assert hours
    assert all(hour.hour < 24 for hour in hours)


def test_a_file_that_cannot_be_read_is_told_once_and_first_without_what_follows_from_it(copy: Path) -> None:
    (copy / "faq" / "more.yaml").write_text(REFERRING, encoding="utf-8")
    (copy / "places.yaml").unlink()
    line = replace(copy / "programme.yaml", "- id: lesung", "  - id: lesung")
    replace(copy / "event.yaml", "Europe/Vienna", "Europe/Wien")
    found = faults(copy)
    assert found[0] == "places.yaml: is missing, and other files refer to it → see docs/event-data.md"
    assert found[1] == "places.yaml: what refers to a place was not checked → mend the file, then check again"
    assert found[2] == "programme.yaml: what refers to a session was not checked → mend the file, then check again"
    assert found[3].startswith(f"programme.yaml:{line}: not valid YAML: ")
    assert [fault.split(":")[0] for fault in found[4:]] == ["event.yaml"]


def test_what_refers_to_a_session_with_a_fault_of_its_own_is_no_second_fault(copy: Path) -> None:
    (copy / "faq" / "more.yaml").write_text(REFERRING, encoding="utf-8")
    line = replace(copy / "programme.yaml", "capacity: 8", "capacity: eight")
    assert [fault.split(": ")[0] for fault in faults(copy)] == [f"programme.yaml:{line}"]


def test_a_misspelt_field_is_not_missing_too(copy: Path) -> None:
    line = replace(copy / "places.yaml", "  kind: venue", "  kynd: venue")
    assert faults(copy) == [f"places.yaml:{line}: kynd: is no field here → did you mean 'kind'?"]


def test_a_file_that_would_not_be_read_is_a_fault_and_names_what_was_meant(copy: Path) -> None:
    (copy / "faq" / "wifi.yaml").rename(copy / "faq" / "wifi.yml")
    (copy / "program.yaml").touch()
    (copy / "notes.txt").touch()
    (copy / "README.md").touch()
    (copy / "faq" / ".hidden.yml").touch()
    assert faults(copy) == [
        "faq/wifi.yml: is not read → call it faq/wifi.yaml",
        "program.yaml: is not read → did you mean programme.yaml?",
    ]
    assert [str(other) for other in strays.others(copy)] == ["notes.txt: is not read"]


def test_a_folder_without_an_event_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load.find(str(tmp_path))
    assert str(caught.value).endswith("/event.yaml: is missing → see docs/event-data.md")


REFERRING = """- id: more
  topic: wifi
  answer: {de: "{session:werkstatt.when} {place:saal.name}", en: "{session:werkstatt.when} {place:saal.name}"}
  questions: {de: [a, b, c], en: [a, b, c]}
  place: saal
"""


def test_rules_of_seats_and_sign_up_that_cannot_be_are_faults(copy: Path) -> None:
    path = copy / "event.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nseats: {give_up_minutes: 20, confirm_minute: 3}\n", encoding="utf-8"
    )
    assert any("seats.confirm_minute: is no field here" in f for f in faults(copy))
    replace(path, ", confirm_minute: 3", "")
    assert any("given up 20 minutes before, asked 20 before" in f for f in faults(copy))
    replace(path, "seats: {give_up_minutes: 20}", "")
    programme = copy / "programme.yaml"
    event, _ = load.read(copy)
    assert event is not None
    first = event.sessions[0].id
    added = "\n  opens: 2030-01-02T10:00\n  closes: 2030-01-02T09:00"
    replace(programme, f"- id: {first}", f"- id: {first}{added}")
    found = faults(copy)
    assert any("sign-up closes before it opens" in f for f in found), found

"""Files in and out: real schedules, every format in again unchanged, and what bad files are answered."""

import io
import json
import re
import shutil
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.event import load
from bot.event.model import Event, Session, Status, in_order
from bot.event.texts import Texts
from bot.exchange import csv, folder, formats, merging, names, values
from bot.exchange.merging import Import
from bot.exchange.out import Going
from bot.exchange.rows import Aim, NotUnderstood
from bot.programme import difference

HERE = Path(__file__).parent.parent
SCHEDULES = HERE / "schedules"
STAMP = datetime(2026, 1, 1, tzinfo=UTC)
TINY = load.load(HERE / "tiny-event")
REAL = {
    "camp-2019.frab.json": ("2019-08-21", "2019-08-26", "Europe/Berlin", 79),
    "rc3-channels-2020.pretalx.json": ("2020-12-27", "2020-12-31", "Europe/Berlin", 48),
}


def an_event(starts: str, ends: str, zone: str = "Europe/Paris", languages: tuple[str, ...] = ("en",)) -> Event:
    """The tiny event without its sessions, on other days and in other languages."""
    details = TINY.details.model_copy(
        update={"starts": date.fromisoformat(starts), "ends": date.fromisoformat(ends), "time_zone": zone,
                "languages": languages}
    )  # fmt: skip
    return Event(details=details, places=TINY.places, entries=TINY.entries, topics=TINY.topics)


AUTUMN = an_event("2014-10-25", "2014-11-12", languages=("fr", "zh", "en"))


def came(
    data: bytes, name: str, event: Event = AUTUMN, *, language: str = "", cancelled: tuple[str, ...] = ()
) -> Import:
    aim = Aim(event, language or event.default_language)
    return merging.merged(formats.BY_NAME[name].read(data, aim), aim, cancelled)


def table(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def said(made: Import) -> str:
    return "\n".join(map(str, [*made.not_understood, *made.notes]))


def a_frab(*events: str, day: str = "2014-11-06", start: str = "2014-11-06T11:00:00+01:00") -> bytes:
    body = "".join(events)
    return (
        f'<schedule><version>1</version><day index="1" date="{day}" start="{start}" end="2014-11-07T05:00:00+01:00">'
        f'<room name="Salle 1">{body}</room></day></schedule>'
    ).encode()


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("format_", formats.BY_NAME)
def test_a_real_schedule_goes_in_and_out_and_in_again_unchanged(name: str, format_: str) -> None:
    starts, ends, zone, count = REAL[name]
    event = an_event(starts, ends, zone)
    first = came((SCHEDULES / name).read_bytes(), "pretalx", event)
    whole = [each for each in first.not_understood if each.where]
    assert len(first.sessions) + len(whole) == count
    assert not whole
    again = came((SCHEDULES / name).read_bytes(), "pretalx", first.event)
    assert difference.between(first.event, again.event) == []
    going = Going(first.event, "en", STAMP)
    back = came(formats.BY_NAME[format_].write(going), format_, first.event)
    assert difference.between(first.event, back.event) == []
    assert not [each for each in back.not_understood if each.where]


def test_every_field_of_a_real_schedule_has_a_place_or_is_named() -> None:
    starts, ends, zone, _ = REAL["camp-2019.frab.json"]
    made = came((SCHEDULES / "camp-2019.frab.json").read_bytes(), "pretalx", an_event(starts, ends, zone))
    for field, times in (("url", 79), ("links", 26), ("attachments", 10), ("logo", 28), ("type “lecture”", 78)):
        assert any(field in str(each) and f": {times} times" in str(each) for each in made.not_understood), field


@pytest.mark.parametrize("format_", formats.BY_NAME)
@pytest.mark.parametrize("name", ["strasbourg-2014", "demo", "tiny"])
def test_an_event_of_ours_comes_in_again_unchanged_whatever_a_format_holds(name: str, format_: str) -> None:
    event = TINY if name == "tiny" else load.load(load.find(name))
    for language in event.details.languages:
        going = Going(event, language, STAMP)
        made = came(formats.BY_NAME[format_].write(going), format_, event, language=language)
        assert difference.between(event, made.event) == []
        assert {each.split(":")[0] for each in going.left_out} == set(made.stay)


def test_a_format_is_known_by_its_content(tmp_path: Path) -> None:
    for format_ in formats.FORMATS:
        file = tmp_path / "programme.dat"
        file.write_bytes(format_.write(Going(TINY, "de", STAMP)))
        assert formats.read(file, Aim(TINY, "de"))[0] is format_


def test_a_day_that_begins_at_eleven_ends_after_midnight() -> None:
    made = came(
        a_frab(
            '<event id="1" guid="11111111-1111-4111-8111-111111111111"><start>23:30</start><duration>01:00</duration>'
            "<title>Fête</title></event>",
            '<event id="2" guid="21111111-1111-4111-8111-111111111111"><start>00:45</start><duration>00:30</duration>'
            "<title>Nuit</title></event>",
        ),
        "frab",
    )
    party, night = made.sessions
    assert party.ends_at == datetime(2014, 11, 6, 23, 30, tzinfo=UTC)
    assert (night.day, night.start) == (date(2014, 11, 7), time(0, 45))
    assert "event 2 begins at 00:45 of 2014-11-07; the file shows it under 2014-11-06" in said(made)


def test_the_second_of_two_equal_hours_is_named_and_the_first_comes_in() -> None:
    def event(number: int, date_: str) -> str:
        return (
            f'<event id="{number}" guid="{number}1111111-1111-4111-8111-111111111111"><date>{date_}</date>'
            f"<duration>00:15</duration><title>T{number}</title></event>"
        )

    made = came(a_frab(event(1, "2014-10-26T02:30:00+02:00"), event(2, "2014-10-26T02:30:00+01:00")), "frab")
    assert [session.starts_at for session in made.sessions] == [datetime(2014, 10, 26, 0, 30, tzinfo=UTC)]
    assert "event 2 “T2”: begins at the second 02:30 of 2014-10-26, when clocks go back" in said(made)


def test_hours_of_another_zone_become_those_of_the_event() -> None:
    made = came(b'{"schedule":{"conference":{"days":[{"date":"2014-11-06","rooms":{"A":[{"id":1,"guid":"g",'
                b'"date":"2014-11-06T17:00:00+08:00","duration":"01:30","title":"T"}]}}]}}}', "pretalx")  # fmt: skip
    assert (made.sessions[0].start, made.sessions[0].end) == (time(10), time(11, 30))
    assert made.places[-1].name.in_("fr") == "A"


BAD = {
    "end before start": ("X,2014-11-06,14:00,13:00", "ends (2014-11-06 13:00) before it begins"),
    "no day of the event": ("X,2015-11-06,14:00,15:00", "is no day of the event"),
    "no day": ("X,someday,14:00,15:00", "'someday' is no day"),
    "impossible day": ("X,2014-11-31,14:00,15:00", "'2014-11-31' is no day"),
    "no hour": ("X,2014-11-06,later,15:00", "'later' is no hour"),
    "hour without day": ("X,,14:00,15:00", "an hour (14:00) and no day"),
    "no title": (",2014-11-06,14:00,15:00", "no title"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_row_is_named_and_no_part_of_it_comes_in(bad: str) -> None:
    row, why = BAD[bad]
    made = came(table("title,day,start,end,place", "Good,2014-11-06,09:00,10:00,Salle", f"{row},Nowhere"), "csv")
    assert len(made.sessions) == 1
    assert "row 3" in said(made)
    assert why in said(made)
    assert not any(place.name.in_("fr") == "Nowhere" for place in made.places)


def test_days_of_pentabarf_begin_when_the_conference_says() -> None:
    made = came(
        b"<schedule><conference><day_change>09:00:00</day_change></conference><day index='1' date='2014-11-06'>"
        b"<room name='Janson'><event id='1'><start>10:00</start><duration>00:50</duration><title>Jour</title></event>"
        b"<event id='2'><start>01:30</start><duration>00:50</duration><title>Nuit</title></event></room></day>"
        b"</schedule>",
        "frab",
    )  # fmt: skip
    assert [(s.day, s.start) for s in made.sessions] == [
        (date(2014, 11, 6), time(10)), (date(2014, 11, 7), time(1, 30)),
    ]  # fmt: skip


def test_events_that_share_one_id_are_each_known_again() -> None:
    """As calendars in the wild have it, which number all events of a day alike."""

    def event(day: str, hour: str, title: str) -> str:
        return "\r\n".join((
            "BEGIN:VEVENT", "UID:46939", f"DTSTART:2014{day}T{hour}00Z", f"SUMMARY:{title}", "END:VEVENT",
        ))  # fmt: skip

    def calendar(*events: str) -> bytes:
        return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", "")).encode()

    alone = came(calendar(event("1106", "0800", "Cérémonie")), "ics")
    whole = calendar(
        event("1106", "0800", "Cérémonie"), event("1106", "1000", "Atelier"), event("1107", "1000", "Atelier"),
        event("1107", "1400", "Débat"), event("1107", "1400", "Débat"),
    )  # fmt: skip
    made = came(whole, "ics", alone.event)
    assert [s.title.in_("fr") for s in made.sessions] == ["Cérémonie", "Atelier", "Atelier", "Débat"]
    assert alone.sessions[0] in made.sessions, "it is the one of the earlier file"
    assert "5 events of the file have the one id “46939”" in said(made)
    assert "line 24 “Débat”: is called" in said(made)
    turned = calendar(*reversed([event("1106", "1000", "Atelier"), event("1107", "1000", "Atelier")]))
    for again in (whole, turned):
        assert difference.between(made.event, came(again, "ics", made.event).event) == []


@pytest.mark.parametrize("name", ["demo", "strasbourg-2014", "tiny"])
def test_our_xml_keeps_the_rules_of_the_published_schema(name: str) -> None:
    """Those of https://github.com/voc/schedule/blob/master/validator/xsd/schedule.xml.xsd that a writer can break."""
    event = TINY if name == "tiny" else load.load(load.find(name))
    root = ElementTree.fromstring(formats.BY_NAME["frab"].write(Going(event, event.default_language, STAMP)))
    assert [child.tag for child in root][:3] == ["generator", "version", "conference"]
    assert re.fullmatch(r"[a-z0-9_-]{4,}", root.findtext("conference/acronym", ""))
    days = root.findall("day")
    assert days, "at least one"
    for day in days:
        for moment in ("start", "end"):
            assert datetime.fromisoformat(day.attrib[moment]).tzinfo
    events = root.findall("day/room/event")
    wanted = {"room", "title", "subtitle", "type", "date", "start", "duration", "abstract", "slug", "track"}
    for each in events:
        tags = [child.tag for child in each]
        assert wanted <= set(tags)
        assert len(tags) == len(set(tags))
        assert re.fullmatch(r"\d{1,2}:\d{2}", each.findtext("duration", ""))
        assert re.fullmatch(r"[a-z0-9_]{4,}-[a-z0-9_-]{4,}", each.findtext("slug", ""))
        assert names.UUID.fullmatch(each.attrib["guid"])
    for told in ([e.attrib["guid"] for e in events], [e.attrib["id"] for e in events],
                 [e.findtext("slug") for e in events]):  # fmt: skip
        assert len(told) == len(set(told))


def test_an_id_twice_and_an_id_for_something_else_are_named() -> None:
    first = came(table("id,title", "a,Gouvernance urbaine"), "csv")
    made = came(table("id,title", "a,Dîner de gala", "a,Visite"), "csv", first.event)
    assert "a was “Gouvernance urbaine”; row 2 calls it “Dîner de gala”: is it the same?" in said(made)
    assert "row 3 “Visite”: is called 'a', as is row 2 of this file" in said(made)


@pytest.mark.parametrize(
    ("encoding", "text", "told"),
    [
        ("utf-8-sig", "Gouvernance à l’été", "UTF-8"),
        ("utf-16", "城乡治理", "UTF-16"),
        ("gb18030", "城乡治理与经济发展", "GB18030"),
        ("cp1252", "Développement économique à Sète", "CP1252"),
    ],
)
def test_an_encoding_is_found_and_told(encoding: str, text: str, told: str) -> None:
    made = came(f"title;day\n{text};2014-11-06\n".encode(encoding), "csv", language="zh" if "治" in text else "fr")
    assert made.sessions[0].title.in_("zh" if "治" in text else "fr") == text
    assert f"read as {told}" in made.notes


@pytest.mark.parametrize(
    "written", ["2014-11-06", "06/11/2014", "6.11.2014", "2014年11月6日", "2014/11/6", "41949", "41949.0"]
)
def test_days_as_people_write_them(written: str) -> None:
    details = an_event("2014-11-06", "2014-11-07").details
    assert values.day(written, details) == date(2014, 11, 6)


def test_a_day_that_may_be_two_is_not_guessed() -> None:
    with pytest.raises(NotUnderstood, match="either of two days"):
        values.day("06/11/2014", an_event("2014-06-01", "2014-11-30").details)


@pytest.mark.parametrize(
    "written", ["14:30", "14h30", "14 h 30", "2:30 PM", "下午2:30", "14点30分", "14：30", "0.6041666667"]
)
def test_hours_as_people_write_them(written: str) -> None:
    assert values.hour(written) == time(14, 30)


def test_a_workbook_with_serials_and_merged_cells() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("Programme")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for column, heading in enumerate(("标题", "日期", "start", "salle", "Budget")):
        sheet.write(0, column, heading)
    sheet.merge_range(1, 1, 2, 1, 41949, day)
    for row, title in ((1, "开幕式"), (2, "论坛")):
        sheet.write(row, 0, title)
        sheet.write(row, 2, (8 + row) / 24)
        sheet.write(row, 3, 12)
        sheet.write(row, 4, 99)
    book.add_worksheet("Notes").write(0, 0, "title of nothing")
    book.close()
    made = came(out.getvalue(), "xlsx", language="zh")
    assert [(s.day, s.start, s.place) for s in made.sessions] == [
        (date(2014, 11, 6), time(9), "12"), (date(2014, 11, 6), time(10), "12"),
    ]  # fmt: skip
    assert "cells merged from row 2 to 3" in said(made)
    assert "column “Budget”: 2 times" in said(made)
    assert "sheet “Notes”" in said(made)


def test_files_that_are_none_are_refused_with_a_word(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as pack:
        for n in range(3):
            pack.writestr(f"{n}", bytes(80_000_000))
    entities = b'<!DOCTYPE s [<!ENTITY a "b">]><schedule><day>&a;</day></schedule>'
    for data, why in (
        (bomb.getvalue(), "unpacks to more than"),
        (b"PK nothing", "is no workbook"),
        (entities, "is refused"),
        (b"<html></html>", "begins with <html>"),
        (b'{"a": 1}', "is of no known format"),
        (b"a,b\n1,2\n", "no column 'title' or 'id'"),
        (b"", "is empty"),
    ):
        file = tmp_path / "file"
        file.write_bytes(data)
        with pytest.raises(BadInput, match=why):
            formats.read(file, Aim(AUTUMN, "fr"))
    with file.open("wb") as large:
        large.truncate(formats.LARGEST + 1)
    with pytest.raises(BadInput, match="larger than 20 MB"):
        formats.read(file, Aim(AUTUMN, "fr"))


def test_a_cancelled_session_stays_cancelled_and_other_languages_are_kept() -> None:
    event = load.load(load.find("demo"))
    gone, live = next(s for s in event.sessions if s.status == Status.CANCELLED), event.sessions[0]
    made = came(
        table("id,title", f"{gone.id},Ancien titre", f"{live.id},Autre titre"), "csv", event, cancelled=(live.id,)
    )
    assert {made.event.session[each.id].status for each in (gone, live)} == {Status.CANCELLED}
    assert f"{gone.id} is cancelled in the folder, and stays so" in said(made)
    assert f"{live.id} is cancelled in the live programme, and stays so" in said(made)
    assert made.event.session[live.id].title == Texts({**live.title.as_dict(), "fr": "Autre titre"})


def test_a_calendar_without_hours_and_series() -> None:
    def entry(*lines: str) -> str:
        return "\r\n".join(("BEGIN:VEVENT", "DTSTAMP:20140101T000000Z", *lines, "END:VEVENT"))

    data = "\r\n".join((
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x",
        entry("UID:a@x", "SUMMARY:Jour", "DTSTART;VALUE=DATE:20141106", "URL:https://x.example"),
        entry("UID:b@x", "SUMMARY:Série", "DTSTART:20141106T090000Z", "RRULE:FREQ=DAILY"), "END:VCALENDAR", "",
    ))  # fmt: skip
    made = came(data.encode(), "ics")
    assert [(s.day, s.start) for s in made.sessions] == [(date(2014, 11, 6), None)]
    assert "line 11 “Série”: is a series" in said(made)
    assert "URL: 1 times" in said(made)


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=30)
SESSIONS = st.lists(
    st.builds(
        lambda n, title, text, hours, seats, aliases: Session(
            id=f"s-{n}", title=Texts({"fr": title}), abstract=Texts({"fr": text}) if text else None,
            day=date(2014, 11, 6), start=min(hours), end=max(hours) if max(hours) > min(hours) else None,
            capacity=seats, aliases=tuple(dict.fromkeys(aliases)), zone="Europe/Paris",
        ),
        st.integers(0, 9), WORDS, st.one_of(st.just(""), WORDS),
        st.tuples(*[st.times().map(lambda t: t.replace(second=0, microsecond=0))] * 2),
        st.one_of(st.none(), st.integers(0, 9999)),
        st.lists(WORDS.filter(lambda word: ";" not in word and "；" not in word), max_size=3),
    ),
    unique_by=lambda session: session.id, min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SESSIONS, st.sampled_from(["csv", "xlsx"]))
def test_whatever_a_table_holds_it_comes_in_again(sessions: list[Session], format_: str) -> None:
    event = Event(
        details=AUTUMN.details, places=AUTUMN.places, sessions=in_order(sessions), entries=(), topics=AUTUMN.topics
    )
    data = formats.BY_NAME[format_].write(Going(event, "fr", STAMP))
    bare = came(data, format_, AUTUMN)
    assert {s.id: (s.title, s.start, s.end, s.capacity, s.aliases) for s in bare.sessions} == {
        s.id: (Texts({"fr": s.title.in_("fr").translate(merging.BRACKETS)}), s.start, s.end, s.capacity, s.aliases)
        for s in sessions
    }
    assert difference.between(event, came(data, format_, event).event) == []


def test_cells_that_a_spreadsheet_computes_go_out_shielded() -> None:
    assert csv.lines([["=1+1", "'=x", "plain", "-"]]).decode("utf-8-sig") == "'=1+1,''=x,plain,'-\r\n"


def test_ids_are_readable_and_stay_when_a_title_changes() -> None:
    first = came(table("code,title,day", "ABC DEF,Ville et campagne,2014-11-06"), "csv")
    (session,) = first.sessions
    assert session.id.startswith("ville-et-campagne-")
    again = came(table("code,title,day", "ABC DEF,Villes et campagnes,2014-11-07"), "csv", first.event)
    assert [s.id for s in again.sessions] == [session.id]
    assert names.slug("Œuvre d’été à l’hôtel") == "oeuvre-d-ete-a-l-hotel"


def test_a_folder_keeps_its_comments_and_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    shutil.copytree(load.find("demo"), place)
    event = folder.readable(place)
    made = came(
        table("id,title (en),place,people,end", "ouverture,Grand opening,Nouvelle salle,Wang Fang (chair),10:15"),
        "csv", event,
    )  # fmt: skip
    before = (place / "programme.yaml").read_text(encoding="utf-8")
    folder.save(folder.texts(place, event, made.event), made.event)
    after = (place / "programme.yaml").read_text(encoding="utf-8")
    assert after.splitlines()[:6] == before.splitlines()[:6]
    assert len(set(after.splitlines()) ^ set(before.splitlines())) < 15
    read = folder.readable(place)
    assert read.session == made.event.session
    assert read.details.people[-1].name.in_("zh") == "Wang Fang"
    assert not list(place.glob(".*.part"))
    broken = came(table("id,title", "ouverture,Autre"), "csv", read)
    with pytest.raises(BadInput):
        folder.save([folder.Written(place / "programme.yaml", "- id: x\n")], broken.event)
    assert (place / "programme.yaml").read_text(encoding="utf-8") == after


def test_json_of_ours_says_what_it_cannot_read() -> None:
    data = json.dumps({"passerelle": 1, "sessions": [{"id": "a", "title": {"fr": "A"}}, {"id": "b", "oops": 1}]})
    made = came(data.encode(), "json")
    assert [s.id for s in made.sessions] == ["a"]
    assert "session 2" in said(made)

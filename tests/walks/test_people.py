"""The participants' list, its people and what they hear, from outside: a shell, phones, the clock."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.exchange import xlsx
from bot.notices import broadcast
from bot.notices.tables import NoticeState
from bot.people import participants
from bot.programme.tables import begun
from tests.delegate import Bot, Delegate, Shown, TelegramDelegate, labels_of, running, text_of
from tests.walks.test_changes import signed_up
from tests.walks.test_exchange_shell import demo, shell
from tests.walks.test_reminders import at

__all__ = ["demo"]

LIST = """\
code;nom;organisme;partie;rôle;langue;courriel;hôtel;navette;table;interprète;intervenant
VAS-2027;Hélène Vasselin;Port-Exemple;française;intervenante;français;h@port.fr;Hôtel de la Marée;;3;;helene-vasselin
SHEN-2027;沈知远;云水市;chinoise;intervenante;中文;;示例酒店;08:10 devant l’hôtel;1;M. Wei;shen-zhiyuan
MARIE-27;Marie Dupont;Port-Exemple;française;;;;;;;;
"""


@pytest.fixture(autouse=True)
def settings(sqlite_url: str, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("PASSERELLE_EVENT", str(demo))
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")


def write(path: Path, text: str = LIST, encoding: str = "utf-8") -> str:
    path.write_bytes(text.encode(encoding))
    return str(path)


def plain(shown: list[Shown]) -> str:
    return text_of(shown).replace("\N{NO-BREAK SPACE}", " ")


def sent(bot: Bot, chat: int) -> str:
    return "\n".join(m.text for m in bot.telegram.sent(chat)).replace("\N{NO-BREAK SPACE}", " ")


async def comes(bot: Bot, chat: int, text: str) -> None:
    await bot.telegram.wait_until(lambda: text in sent(bot, chat), seconds=20)


def takes(person: object, bot: Bot, chat: int, text: str) -> None:
    """The last message there that says this is the one whose buttons are pressed next."""
    message = next(m for m in reversed(bot.telegram.sent(chat)) if text in m.text.replace("\N{NO-BREAK SPACE}", " "))
    assert isinstance(person, TelegramDelegate)
    person.seen.append(Shown(message.text, {b.label: b.data for b in message.buttons}, message))


async def opens(boss: Delegate, title: str) -> list[Shown]:
    """The session's card of an organizer."""
    labels = labels_of(await boss.says("/session"))
    return await boss.presses(next(label for label in labels if title in label))


# --- the list


async def test_every_fault_of_a_list_is_named_with_its_row_and_nothing_of_it_is_taken(tmp_path: Path) -> None:
    bad = LIST + "marie-27;Jean;;martienne;;klingon;jean(at)x;;;;;helene-vaselin\nx;;;;;;;;;;;\n"
    shown = await shell("import", write(tmp_path / "people.csv", bad), "--yes", code=1)
    for fault in (
        "people.csv:5: has the code “MARIE-27” of row 4",
        "people.csv:5: “martienne” is no side that is known → write one of french, chinese, other, or nothing",
        "people.csv:5: “klingon” is no language that is known",
        "people.csv:5: “jean(at)x” is no e-mail address",
        "did you mean helene-vasselin?",
        "people.csv:6: “x” is no code → write 6 to 40 letters, digits, - or _",
        "people.csv:6: has no name",
    ):
        assert fault in shown
    # The same list without those rows: nothing of it is there yet.
    assert "3 added, 0 changed, 0 removed" in await shell("import", write(tmp_path / "people.csv"), "--dry-run")
    assert "3 added" in await shell("import", str(tmp_path / "people.csv"), stdin="n\n", code=1)
    assert "3 added" in await shell("import", str(tmp_path / "people.csv"), stdin="y\n")
    assert "says the same: 3 participants" in await shell("import", str(tmp_path / "people.csv"), "--yes")
    changed = LIST.replace("Hôtel de la Marée", "Hôtel du Phare").replace("MARIE-27", "MARIE-28")
    shown = await shell("import", write(tmp_path / "people.csv", changed), "--dry-run")
    assert "hotel: Hôtel de la Marée → Hôtel du Phare" in shown
    assert "1 added, 1 changed, 1 removed; then 3 participants" in shown
    shown = await shell("import", str(tmp_path / "people.csv"), "--add", "--yes")
    assert "1 added, 1 changed, 0 removed; then 4 participants" in shown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252", "xlsx"])
async def test_a_list_is_read_in_any_encoding_that_a_spreadsheet_writes(encoding: str, tmp_path: Path) -> None:
    rows = ["编号,姓名,单位,方,语言,酒店", "WANG-2027,王芳,云水市,中方,中文,示例酒店"]
    if encoding == "cp1252":
        rows = ["Code;Nom;Côté;Hôtel", "ZOE-2027;Zoé Müller;Française;Hôtel de l’Orée"]
    path = tmp_path / "liste"
    if encoding == "xlsx":
        path.write_bytes(xlsx.lines([row.split(",") for row in rows], "参会者"))
    else:
        write(path, "\n".join(rows), encoding)
    shown = await shell("import", str(path), "--yes")
    assert "1 added" in shown
    assert ("Zoé Müller" if encoding == "cp1252" else "王芳, 云水市") in shown


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (LIST.encode()[:120] + b"\xe9t\xe9", "in UTF-8"),
        ("code,姓名\nWANG-2027,王芳葉\n".encode("big5"), "in UTF-8"),
        (b"code,name\nABCDEF,\x81\x8d\n", "in UTF-8"),
        (b"PK\x03\x04 no workbook", "is no workbook"),
        (b"", "is empty"),
        (b"name;hotel\nMarie;X\n", "has no column “code”"),
        (b"code;name;badge\nABCDEF;Marie;X\n", "two columns mean “code”"),
        (b"code;name\n;;\n", "holds nobody"),
    ],
)
async def test_a_file_that_is_no_list_is_refused_in_clear_words(data: bytes, fault: str, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(data)
    assert fault in await shell("import", str(tmp_path / "people.csv"), "--yes", code=1)


async def test_the_list_of_a_folder_is_checked_and_published_with_it(demo: Path) -> None:
    write(demo / "people.csv", LIST.replace("helene-vasselin", "nobody"))
    assert "there is no person “nobody” in event.yaml" in await shell("check", str(demo), code=1)
    assert "there is no person “nobody”" in await shell("publish", str(demo), "--yes", code=1)
    write(demo / "people.csv")
    assert "3 participants" in await shell("check", str(demo))
    shown = await shell("publish", str(demo), "--yes")  # a new database: published with it
    assert "is what the folder says" in shown
    assert "says the same: 3 participants" in shown
    write(demo / "people.csv", LIST.replace("Marie Dupont", "Marie Durand"))
    assert "name: Marie Dupont → Marie Durand" in await shell("publish", str(demo), "--yes")


# --- the code


@pytest.mark.parametrize(
    ("channel", "language", "says", "thanks", "asks", "hotel", "table"),
    [
        ("telegram", "fr", "Mon code est vas 2027", "Merci, Hélène Vasselin", "Où est mon hôtel ?",
         "Hôtel : Hôtel de la Marée", "Table : 3"),
        ("web", "zh", "我的代码是SHEN-2027。", "谢谢，沈知远", "我的酒店是哪家？", "酒店：示例酒店", "桌号：1"),
        ("terminal", "en", "my code is shen-2027", "谢谢，沈知远", "my hotel", "酒店：示例酒店", "桌号：1"),
    ],
)  # fmt: skip
async def test_a_code_says_who_somebody_is(
    sqlite_url: str, tmp_path: Path, channel: str, language: str, says: str, thanks: str, asks: str, hotel: str,
    table: str,
) -> None:  # fmt: skip
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00") as bot:
        one = bot.delegate(channel, language=language)
        await one.starts()
        before = plain(await one.says(asks))
        assert hotel not in before
        await shell("import", write(tmp_path / "people.csv"), "--yes")
        await one.starts()
        label = {"fr": "J’ai un code", "zh": "我有代码", "en": "I have a code"}[language]
        await one.presses(label)
        if "vas" in says:
            says = "vas-2027"  # after the button, the code alone
        assert thanks in plain(await one.says(says))
        for question in (asks, "/agenda"):
            shown = await one.says(question)
        assert any(each in labels_of(shown) for each in ("Mon séjour", "我的接待安排"))
        shown = await one.presses("Mon séjour" if thanks.startswith("Merci") else "我的接待安排")
        assert hotel in plain(shown)
        assert table in plain(shown)
        if channel == "web":
            (file,) = (m.body["file"] for m in await one.says("/mydata") if "file" in m.body)
            assert "沈知远" in json.dumps(file, ensure_ascii=False)
        held = json.loads(await shell("person", "export", "vas-2027" if channel == "telegram" else "shen-2027"))
        assert held["participants' list"]["linked_at"].startswith("2027-05-20")
        await one.says("/forget")
        await one.presses("Tout effacer" if thanks.startswith("Merci") else "全部删除")
        gone = await bot.app.opened.store.read(participants.names, list(range(1, 5)))
        assert gone == {}


async def test_a_code_is_one_person_s_and_wrong_ones_are_told_alike(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00") as bot:
        await shell("import", write(tmp_path / "people.csv"), "--yes")
        marie, other = bot.delegate("telegram", language="fr"), bot.delegate("telegram", language="fr")
        assert "Merci, Marie Dupont" in plain(await marie.starts("p-MARIE-27"))
        taken = plain(await other.starts("p-MARIE-27")).split("\n\n")[-1]
        unknown = [plain(await other.says(f"mon code est NADA-{n}00")) for n in range(4)]
        assert {taken[-60:], *(each[-60:] for each in unknown)} == {taken[-60:]}
        assert "Ce code ne peut pas être utilisé" in unknown[0]
        assert "Trop de codes inexacts. Nouvel essai possible à 9 h" in plain(await other.starts("p-VAS-2027"))
        bot.app.opened.clock.stand_at(at(20, 9, 1))
        assert "Merci, Hélène Vasselin" in plain(await other.starts("p-VAS-2027"))
        # Another code: the former is free again.
        assert "谢谢，沈知远" in plain(await other.starts("p-SHEN-2027"))
        assert "Merci, Hélène Vasselin" in plain(await marie.starts("p-vas-2027"))
        shown = await shell("broadcast", "send", "--text", "fr=Bonjour", "--to", "side:french role:speaker", "--yes")
        assert "1 sent" in shown
        await shell("broadcast", "report", "1", "--csv", "all.csv")
        assert "Hélène Vasselin,Port-Exemple" in Path("all.csv").read_text(encoding="utf-8-sig")
        assert "Erased" in await shell("person", "forget", "telegram:1001", "--yes")
        assert "is nobody we know" in await shell("person", "show", "VAS-2027", code=1)
        assert "沈知远" in await shell("person", "show", "SHEN-2027")


async def test_a_group_learns_nothing_of_anybody(sqlite_url: str, tmp_path: Path) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00") as bot:
        await shell("import", write(tmp_path / "people.csv"), "--yes")
        mark = bot.telegram.mark()
        bot.telegram.message(-100200, "/start p-MARIE-27", user_id=1001)
        await bot.telegram.wait_for(-100200, since=mark)
        await asyncio.sleep(0)
        await bot.app.sender.idle()
        assert "Marie" not in sent(bot, -100200)
        assert await bot.app.opened.store.read(participants.names, [1, 2]) == {}


# --- who speaks


async def test_speakers_hear_first_are_reminded_and_say_that_they_are_there(sqlite_url: str, tmp_path: Path) -> None:
    async with running(
        sqlite_url, event="demo", clock="2027-05-20T07:30", organizers="telegram:1001,telegram:1002"
    ) as bot:
        await shell("import", write(tmp_path / "people.csv"), "--yes")
        boss, li = bot.delegate("telegram", language="fr"), bot.delegate("telegram", language="zh")
        await boss.starts()
        await li.starts()
        mayor = bot.delegate("telegram", language="fr")
        await mayor.starts("p-VAS-2027")
        bot.app.opened.clock.stand_at(at(20, 8, 5))
        await comes(bot, 1003, "Votre intervention approche")
        assert "9 h" in sent(bot, 1003)
        shown = plain(await opens(boss, "Cérémonie d’ouverture"))
        assert "Sans nouvelles pour l’instant : Hélène Vasselin" in shown
        assert "N’ont pas donné de code : " in shown
        bot.app.opened.clock.stand_at(at(20, 8, 51))
        await comes(bot, 1003, "Êtes-vous dans la salle")
        takes(mayor, bot, 1003, "Êtes-vous dans la salle")
        assert "l’équipe est prévenue" in plain(await mayor.presses("Je serai en retard"))
        await comes(bot, 1001, "Hélène Vasselin annonce un retard pour « ")
        await comes(bot, 1002, "表示会晚到")
        assert "l’équipe voit que vous êtes dans la salle" in plain(await mayor.presses("Je suis dans la salle"))
        shown = plain(await opens(boss, "Cérémonie d’ouverture"))
        assert "Dans la salle : Hélène Vasselin" in shown
        for forged in ("late|ouverture", "in-the-room|ouverture", "late|nothing", "rate|ouverture|5"):
            mark = bot.telegram.mark()
            bot.telegram.press_old(1002, forged)
            await bot.telegram.wait_for(1002, since=mark)
        assert sent(bot, 1001).count("annonce un retard") == 1
        assert bot.telegram.faults == []


async def test_speakers_hear_of_a_change_before_the_rest_and_once(
    sqlite_url: str,
    tmp_path: Path,
    demo: Path,
) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00") as bot:
        programme = demo / "programme.yaml"
        text = programme.read_text(encoding="utf-8")
        before, marker, after = text.partition("- id: atelier-eau\n")
        speaker = after.split("person: ", 1)[1].split(",")[0].split("}")[0].strip()
        await shell("import", write(tmp_path / "people.csv", LIST.replace("helene-vasselin", speaker)), "--yes")
        await signed_up(bot, "telegram", "fr", "atelier-eau")
        mayor = await signed_up(bot, "telegram", "fr", "atelier-eau")
        await mayor.starts("p-VAS-2027")
        changed = after.replace('start: "11:30"', 'start: "11:40"', 1)
        programme.write_text(before + marker + changed, encoding="utf-8")
        assert "atelier-eau (when): 2 persons told" in await shell("publish", str(demo), "--dry-run")
        assert "2 persons being told" in await shell("publish", str(demo), "--yes")
        await comes(bot, 1002, "Votre intervention a changé")
        await comes(bot, 1001, "Une de vos séances a changé")
        assert "Une de vos séances" not in sent(bot, 1002)
        notices = await bot.app.opened.store.read(broadcast.every)
        started = {each.kind: each.started_at for each in notices}
        assert started["slot changed"] < started["changes"]  # type: ignore[operator]  # both have begun


# --- feedback


async def test_feedback_is_asked_once_a_half_day_and_told_in_figures(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00", organizers="telegram:1001") as bot:
        boss = bot.delegate("telegram", language="fr")
        await boss.starts()
        people = [
            await signed_up(bot, "telegram", language, *sessions)
            for language, sessions in (
                ("fr", ("atelier-patrimoine", "table-ronde-universites")), ("zh", ("atelier-patrimoine",)),
                ("fr", ("atelier-patrimoine",)),
                ("fr", ("atelier-calligraphie", "atelier-jeunesse", "financer-projet")),
            )
        ]  # fmt: skip
        bot.app.opened.clock.stand_at(at(20, 13, 12))
        question = {"fr": "Qu’avez-vous pensé de « ", "zh": "您觉得“"}
        for chat, language in ((1002, "fr"), (1003, "zh"), (1004, "fr")):
            await comes(bot, chat, question[language])
        await asked_about(bot, "atelier-calligraphie")
        for n, (one, stars) in enumerate(zip(people[:2], ("4", "2"), strict=True), 1002):
            takes(one, bot, n, question["zh" if n == 1003 else "fr"])
            await one.presses(stars)
        assert "c’est noté avec votre note" in plain(await people[0].says("Passionnant, mais la salle étouffait"))
        await people[1].presses("补充一句")
        assert "最多500个" in plain(await people[1].says("长" * 501))
        assert "已记下" in plain(await people[1].says("很好，请联系我 wang@example.org"))
        shown = await shell("export", "feedback")
        assert "atelier-patrimoine" in shown
        assert ",2,,,,,,,\n" in shown.replace("\r", ""), "below three answers nobody learns more than their number"
        takes(people[2], bot, 1004, question["fr"])
        await people[2].presses("5")
        assert "vestiaire" in text_of(await people[2].says("Où est le vestiaire ?")).lower(), "a question stays one"
        await people[2].presses("Ajouter un mot")
        await people[2].says("Trop court")
        rows = json.loads(await shell("export", "feedback", "--format", "json"))
        assert [(r["id"], r["answers"], r["average"], r["5"], r["1"]) for r in rows] == [
            ("atelier-patrimoine", "3", "3.67", "1", "0")
        ]
        assert sorted(rows[0]["lines"].split("\n")) == [
            "Passionnant, mais la salle étouffait",
            "Trop court",
            "很好，请联系我 […]",
        ]
        shown = await opens(boss, "Atelier 3")
        assert "Avis : 3 réponses, 3,7 sur 5 (5★ 1 · 4★ 1 · 3★ 0 · 2★ 1 · 1★ 0)" in plain(shown)
        assert "Donner mon avis" in labels_of(await people[3].starts("s_atelier-calligraphie"))
        await people[3].presses("Donner mon avis")
        await people[3].presses("3")
        await people[2].says("/forget")
        await people[2].presses("Tout effacer")
        rows = json.loads(await shell("export", "feedback", "--format", "json"))
        left = {"Passionnant, mais la salle étouffait", "很好，请联系我 […]"}
        assert ("3", left) in [(r["answers"], set(r["lines"].split("\n"))) for r in rows]
        # In the afternoon once more; not to whoever wants none.
        mark = bot.telegram.mark()
        bot.telegram.press_old(1002, "prefer|feedback|off")
        assert "Avis sur les séances : jamais" in (await bot.telegram.wait_for(1002, since=mark)).text.replace(
            "\xa0", " "
        )
        bot.app.opened.clock.stand_at(at(20, 15, 56))
        await asked_about(bot, "table-ronde-universites")
        assert "Qu’avez-vous pensé" not in sent(bot, 1002), "the first is answered, in its place"
        # Of two sessions of a morning, the last is asked about; the other is rated from its card.
        bot.app.opened.clock.stand_at(at(21, 11, 56))
        await asked_about(bot, "atelier-jeunesse")
        assert sent(bot, 1005).count("Qu’avez-vous pensé") == 1
        bot.app.opened.clock.stand_at(at(21, 12, 46))
        await asked_about(bot, "financer-projet")
        assert sent(bot, 1005).count("Qu’avez-vous pensé") == 2
        assert "Donner mon avis" in labels_of(await people[3].starts("s_atelier-jeunesse"))
        assert bot.telegram.faults == []


async def asked_about(bot: Bot, session: str) -> None:
    """Until those who went there have been asked, whoever they are."""
    key = select(begun.c.key).where(begun.c.key.startswith(f"feedback:{session}:"))
    for _ in range(400):
        has_begun = await bot.app.opened.store.read(lambda tx: tx.scalar(key))
        notices = await bot.app.opened.store.read(broadcast.every)
        if has_begun and all(each.state == NoticeState.SENT for each in notices if each.kind == "feedback"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody was asked about {session}")


# --- what comes next


async def test_next_begins_with_one_s_own(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T11:00") as bot:
        nobody = bot.delegate("web", language="fr")
        assert plain(await nobody.says("/next")).startswith("À suivre\n")
        li = await signed_up(bot, "web", "zh", "atelier-eau", "visite-jardin")
        shown = plain(await li.says("/next"))
        assert shown.startswith("您的下一场\n分论坛二：")
        assert "接下来还有" in shown
        assert shown.count("分论坛二：") == 1
        bot.app.opened.clock.stand_at(at(20, 12, 0))
        shown = plain(await li.says("接下来呢"))
        assert "您正在参加\n分论坛二：" in shown, "the day's message may have come before it"
        assert "从" in shown
        assert "步行" in shown
        marie = await signed_up(bot, "web", "fr", "visite-jardin")
        assert "Depuis" not in plain(await marie.says("/next")), "nobody knows where she is"
        bot.app.opened.clock.stand_at(at(20, 17, 0))
        assert "Plus rien dans votre agenda." in plain(await marie.says("/next"))

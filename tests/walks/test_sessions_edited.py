"""/session: an organizer changes the programme from chat; whom it touches is told once, as it stands in the end."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.notices import broadcast
from bot.notices.tables import NoticeState
from bot.text.words import folder
from tests.delegate import Bot, Delegate, running, text_of
from tests.walks.test_changes import Organizer, organizer, signed_up, told  # noqa: F401  a fixture

CLOCK = "2027-05-20T09:00"
ORGANIZERS = "telegram:1001,telegram:1002"


@pytest.fixture
async def bot(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", database_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    async with running(database_url, event="demo", clock=CLOCK, organizers=ORGANIZERS) as made:
        yield made
        assert made.telegram.faults == []


async def begins(bot: Bot, language: str = "fr") -> Delegate:
    """An organizer on Telegram, the first to come being 1001."""
    boss = bot.delegate("telegram", language=language)
    await boss.starts()
    return boss


async def opens(boss: Delegate, title: str = "L’eau") -> None:
    """The card of the session with this in its title."""
    shown = await boss.says("/session")
    await boss.presses(next(label for label in shown[-1].buttons if title in label))


async def minute_passes(bot: Bot) -> None:
    bot.app.opened.clock.stand_at(bot.app.opened.clock.now() + timedelta(seconds=61))
    for _ in range(200):
        notices = await bot.app.opened.store.read(broadcast.every)
        if all(n.state not in (NoticeState.SCHEDULED, NoticeState.SENDING) for n in notices):
            return
        await asyncio.sleep(0.05)
    raise AssertionError([n.state for n in notices])


async def with_one_seat_and_one_who_waits(bot: Bot) -> tuple[Delegate, Delegate]:
    """The organizer, and who has the seat of the one session, 1003; 1004 waits for it."""
    boss = await begins(bot)
    await begins(bot)
    await opens(boss)
    await boss.presses("Places")
    await boss.says("1")
    await boss.presses("Publier sans prévenir")
    goes = await signed_up(bot, "telegram", "fr", "atelier-eau")
    waits = bot.delegate("telegram", language="fr")
    await waits.starts("s_atelier-eau")
    await waits.presses("Liste d’attente")
    return boss, goes


async def told_of_a_free_seat(bot: Bot) -> list[str]:
    """All that 1004 was told, once that is of a seat."""
    for _ in range(120):
        texts = [message.text for message in bot.telegram.sent(1004)]
        if any("libérée" in text for text in texts):
            return texts
        await asyncio.sleep(0.05)
    raise AssertionError(texts)


def plain(shown: object) -> str:
    return text_of(shown).replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")  # type: ignore[arg-type]


async def test_what_changes_twice_is_told_once_with_its_reason(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    await signed_up(bot, "telegram", "fr", "atelier-eau")
    await signed_up(bot, "telegram", "zh", "atelier-eau")
    await opens(boss)
    await boss.presses("Horaire")
    assert "pas trouvé d’horaire" in plain(await boss.says("plus tard"))
    assert "après le début" in plain(await boss.says("15:00-14:00"))
    shown = plain(await boss.says("14h à 15h15"))
    assert "Quand : 11 h 30 – 12 h 45 → 14 h – 15 h 15" in shown
    assert "2 personnes seront prévenues" in shown
    await boss.presses("Motif en français")
    shown = plain(await boss.says("Dégât des eaux"))
    assert "Il manque encore le motif en : chinois" in shown
    assert "Ce que vous écrirez maintenant sera le motif en chinois" in shown
    assert "sera le motif en anglais" in plain(await boss.says("漏水"))
    assert "Il manque" not in plain(await boss.presses("Sans motif")), "all of it is given up"
    await boss.presses("Motif en français")
    for why in ("Dégât des eaux", "漏水"):
        await boss.says(why)
    assert "Il manque" not in plain(await boss.says("A leak"))
    shown = plain(await boss.presses("Publier, prévenir dans"))
    assert "2 personnes seront prévenues à 9 h 01" in shown
    # Another change within the minute, in another place: what was 14:00 is 16:00 in the end.
    await opens(boss)
    await boss.presses("Horaire")
    await boss.says("16:00")
    await boss.presses("Publier, prévenir dans")
    assert told(bot, 1003) == told(bot, 1004) == []
    await minute_passes(bot)
    (marie,), (wang,) = told(bot, 1003), told(bot, 1004)
    order = [
        session.id for session in (await bot.app.opened.store.read(bot.app.opened.versions.current)).event.sessions
    ]
    assert order.index("pause-jeudi-apres-midi") < order.index("atelier-eau"), "it stands where its hour is"
    assert "Quand : 11 h 30 – 12 h 45 → 16 h – 17 h 15" in marie.replace("\N{NO-BREAK SPACE}", " ").replace(
        "\N{WORD JOINER}", ""
    )
    assert "Motif : Dégât des eaux" in marie.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    assert "漏水" in wang
    assert "14:00" not in wang


async def test_a_slip_that_is_undone_within_the_minute_is_told_to_nobody(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    await signed_up(bot, "telegram", "zh", "atelier-eau")
    await opens(boss)
    await boss.presses("Annuler la séance")
    await boss.presses("Publier, prévenir dans")
    await boss.presses("Défaire")
    shown = plain(await boss.presses("Oui, défaire"))
    assert "Personne n’est prévenu" in shown
    await minute_passes(bot)
    assert told(bot, 1003) == []
    for page in ("/changes?lang=fr", "/screen?lang=fr"):
        async with bot.http().get(bot.url + page) as answer:
            assert "Changements du jour" not in (body := await answer.text())
            assert page.startswith("/screen") or "L’eau" not in body


async def test_what_an_organizer_types_is_read_where_it_can_be_meant(bot: Bot) -> None:
    boss = await begins(bot)
    assert "Atelier 2" in plain(await boss.says("/session atelier-eau"))
    assert "Atelier 2" in plain(await boss.says("/session l'eau"))
    labels = [label for message in await boss.says("/session atelier") for label in message.buttons]
    assert sum("Atelier" in label for label in labels) > 3
    await opens(boss)
    await boss.presses("Horaire")
    assert "Le jour a son propre bouton" in plain(await boss.says("vendredi 14h-15h"))
    assert "Quand : 11 h 30 – 12 h 45 → 14 h – 15 h" in plain(await boss.says("de 14h à 15h"))
    await boss.presses("Jour")
    assert "vendredi 21 mai" in plain(await boss.presses("vendredi 21 mai"))
    await boss.presses("Salle")
    assert "Je ne connais pas de salle de ce nom" in plain(await boss.says("la grande"))
    assert "Salle Boussole → Salle Dune" in plain(await boss.says("salle dune"))
    await boss.presses("Places")
    assert "C’est trop" in plain(await boss.says("99999999999"))
    assert "Places : 50" in plain(await boss.says("50 places"))
    await boss.says("/broadcast")
    await boss.presses("Destinataires")
    assert "langue" in plain(await boss.says("language:zh day:2027-05-20"))
    await boss.presses("Destinataires")
    assert "langue" not in plain(await boss.says("mot de passe du wifi ?")), "a question like any"


async def test_two_presses_publish_once_and_nobody_else_may(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    await signed_up(bot, "telegram", "fr", "atelier-eau")
    stranger = await begins(bot)
    assert "/session" not in text_of(await stranger.says("/session"))
    await opens(boss)
    await boss.presses("Salle")
    await boss.presses("Salle Dune")
    store = bot.app.opened.store
    number = (await store.read(bot.app.opened.versions.current)).number  # type: ignore[union-attr]
    # A finger that is quicker than a weak line: both presses are of the card as it was.
    card, mark = bot.telegram.sent(1001)[-1], bot.telegram.mark()
    for _ in range(2):
        bot.telegram.press(1001, card.message_id, "Publier et prévenir")
    await bot.telegram.wait_for(1001, since=mark)
    for _ in range(100):
        if any("déjà faite" in message.text for message in bot.telegram.sent(1001)):
            break
        await asyncio.sleep(0.05)
    assert any("déjà faite" in message.text for message in bot.telegram.sent(1001))
    assert (await store.read(bot.app.opened.versions.current)).number == number + 1  # type: ignore[union-attr]
    await minute_passes(bot)
    assert len(told(bot, 1003)) == 1


async def test_what_was_cancelled_in_chat_stays_so_when_an_old_folder_is_published(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from bot.text.words import folder

    copy = tmp_path / "demo"
    shutil.copytree(folder("data") / "demo", copy)
    monkeypatch.setenv("PASSERELLE_DATABASE_URL", database_url)
    monkeypatch.setenv("PASSERELLE_EMBEDDER", "none")
    async with running(database_url, event="demo", clock=CLOCK, organizers=ORGANIZERS) as made:
        shell = Organizer(made, copy)
        boss = await begins(made)
        await opens(boss)
        await boss.presses("Annuler la séance")
        await boss.presses("Publier sans prévenir")
        assert "Changed in chat, and kept: atelier-eau: status cancelled (the folder: confirmed)" in (
            await shell.publishes()
        )
        shell.writes("atelier-sante", capacity="40 → 41")
        shown = await shell.publishes()
        assert "kept: atelier-eau: status cancelled" in shown
        assert "takes the place" not in shown
        current = await made.app.opened.store.read(made.app.opened.versions.current)
        assert current is not None
        assert current.event.session["atelier-eau"].status == "cancelled"
        assert current.event.session["atelier-sante"].capacity == 41
        # The folder says something new there: it wins, and that is said.
        shell.writes("atelier-eau", status="confirmed → provisional")
        shown = await shell.publishes()
        assert "takes the place of what was changed in chat: atelier-eau: status cancelled (the folder: prov" in shown
        assert "and kept: atelier-eau" not in shown
        assert "what version 3 said is published again" in await shell.publishes("--undo")
        refused = await shell.publishes("--undo", "--reason", "fr=Retard", code=1)
        assert refused == ""


async def test_more_seats_go_to_those_who_wait_in_their_order_and_they_are_told(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    await opens(boss)
    await boss.presses("Places")
    assert "pas trouvé de nombre" in plain(await boss.says("beaucoup"))
    assert "Places : 1" in plain(await boss.says("1"))
    await boss.presses("Publier sans prévenir")
    await signed_up(bot, "telegram", "fr", "atelier-eau")
    for language in ("zh", "fr", "fr"):
        person = bot.delegate("telegram", language=language)
        await person.starts()
        await person.starts("s_atelier-eau")
        await person.presses({"fr": "Liste d’attente", "zh": "加入候补"}[language])
    await opens(boss)
    await boss.presses("Places")
    shown = plain(await boss.says("0"))
    assert "1 place prise" in shown
    assert "3 personnes en attente" in shown
    assert "3 places vont à la liste d’attente" in shown
    await boss.presses("Places")
    assert "2 places vont à la liste d’attente" in plain(await boss.says("3"))
    await boss.presses("Publier, prévenir dans")
    await minute_passes(bot)
    freed = {
        chat: [m.text for m in bot.telegram.sent(chat) if "libérée" in m.text or "空出" in m.text]
        for chat in range(1003, 1007)
    }
    assert [len(texts) for texts in freed.values()] == [0, 1, 1, 0], freed


async def test_a_seat_of_a_session_that_comes_back_is_offered_after_the_news(bot: Bot) -> None:
    boss, goes = await with_one_seat_and_one_who_waits(bot)
    await opens(boss)
    await boss.presses("Annuler la séance")
    await boss.presses("Publier et prévenir")
    await minute_passes(bot)
    await goes.starts("s_atelier-eau")
    await goes.presses("Me retirer")
    await goes.presses("Oui, me retirer")
    await boss.presses("Défaire")
    await boss.presses("Oui, défaire")
    await asyncio.sleep(1.5)  # the clock looks each second
    assert not any("libérée" in message.text for message in bot.telegram.sent(1004))
    await minute_passes(bot)
    texts = await told_of_a_free_seat(bot)
    news, offer = (next(n for n, text in enumerate(texts) if word in text) for word in ("finalement lieu", "libérée"))
    assert news < offer, texts


async def test_whoever_was_told_the_old_fact_is_told_the_new_one_once(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    asks = bot.delegate("telegram", language="zh")  # 1003: asks, and goes to nothing
    await asks.starts()
    await asks.starts("s_atelier-eau")
    await signed_up(bot, "telegram", "fr", "atelier-eau")  # 1004: is told as one who goes there
    left = await signed_up(bot, "telegram", "fr", "atelier-eau")  # 1005: has left, and is left in peace
    await left.presses("Me retirer")
    await left.presses("Oui, me retirer")
    await begins(bot)  # 1006: never heard of it
    other = bot.delegate("telegram", language="fr")  # 1007: saw another session
    await other.starts()
    await other.starts("s_atelier-sante")
    await opens(boss)
    await boss.presses("Salle")
    await boss.presses("Salle Dune")
    await boss.presses("Publier, prévenir dans")
    await minute_passes(bot)
    corrected = {
        chat: [m.text for m in bot.telegram.sent(chat) if "之前告诉您" in m.text or "Ce que je vous ai dit" in m.text]
        for chat in range(1003, 1008)
    }
    assert [len(texts) for texts in corrected.values()] == [1, 0, 0, 0, 0], corrected
    assert "→" in corrected[1003][0]
    assert len(told(bot, 1004)) == 1


async def test_the_place_of_whoever_is_erased_goes_to_the_first_who_waits(bot: Bot) -> None:
    _, gone = await with_one_seat_and_one_who_waits(bot)
    await gone.says("/forget")
    await gone.presses("Tout effacer")
    await told_of_a_free_seat(bot)


async def test_more_seats_than_chairs_are_asked_about_everywhere(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await begins(bot)
    await signed_up(bot, "telegram", "zh", "atelier-eau")
    await opens(boss)
    await boss.presses("Places")
    shown = plain(await boss.says("36"))
    assert "Est-ce voulu" not in shown, "one chair each"
    await boss.presses("Places")
    shown = plain(await boss.says("50"))
    assert "« Atelier 2 : L’eau, du toit à la mer » : 50 places pour 36 chaises (Salle Boussole)." in shown
    assert "1 personne y est inscrite." in shown
    await boss.presses("Publier sans prévenir")
    await opens(boss)
    await boss.presses("Places")
    assert "pour 36 chaises" in plain(await boss.says("60")), "another number is another doubt"
    shutil.copytree(folder("data") / "demo", tmp_path / "demo")
    shell = Organizer(bot, tmp_path / "demo")
    shell.writes("atelier-eau", capacity="30 → 70", place="salle-boussole → salle-dune")
    expected = "atelier-eau has 70 seats, and salle-dune “Dune Room” 64 chairs"
    assert f"Is this meant? {expected}; 1 person signed up for it" in await shell.publishes("--dry-run")
    checked = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "check", str(shell.folder)],
        capture_output=True,
        check=True,
    )
    assert f"{expected} (no fault)" in checked.stderr.decode()


async def test_what_cannot_wait_its_minute_is_told_at_once(bot: Bot) -> None:
    boss = await begins(bot)
    await begins(bot)
    await signed_up(bot, "telegram", "fr", "atelier-eau")
    await opens(boss)
    await boss.presses("Salle")
    await boss.presses("Salle Dune")
    assert "1 personne sera prévenue à 9 h 01" in plain(await boss.presses("Publier, prévenir dans"))
    assert told(bot, 1003) == []
    assert "en cours d’envoi" in plain(await boss.presses("Prévenir maintenant"))
    for _ in range(200):
        if told(bot, 1003):
            break
        await asyncio.sleep(0.05)
    (message,) = told(bot, 1003)
    assert "Salle Boussole → Salle Dune" in message
    await minute_passes(bot)
    assert len(told(bot, 1003)) == 1, "and not again"

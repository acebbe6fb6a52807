"""The path that a delegate walks, from outside: the same in every channel, in each language."""

import json

import icalendar
import pytest

from tests.delegate import EVERY_CHANNEL, Bot, Shown, labels_of, running, text_of

WORKSHOP = {
    "fr": "Atelier 3",
    "zh": "分论坛三",
    "en": "Workshop 3",
}
WORDS = {
    # language: programme, going, agenda word, calendar, withdraw, yes, what the agenda says when empty
    "fr": ("Je participe", "Mon agenda", "Vers mon calendrier", "Me retirer", "Oui, me retirer"),
    "zh": ("我要参加", "我的日程", "加入日历", "取消参加", "确认取消"),
    "en": ("I’m going", "My agenda", "Add to calendar", "Withdraw", "Yes, withdraw"),
}


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
@pytest.mark.parametrize("channel", EVERY_CHANNEL)
async def test_a_delegate_signs_up_keeps_an_agenda_and_withdraws(bot: Bot, channel: str, language: str) -> None:
    going, agenda, calendar, withdraw, yes = WORDS[language]
    li = bot.delegate(channel, language=language)
    welcome = await li.starts()
    assert "/forget" in text_of(welcome), "the notice of privacy comes with first contact"
    await li.says("/programme")
    card = await li.presses(WORKSHOP[language])
    assert going in labels_of(card)
    card = await li.presses(going)
    assert withdraw in labels_of(card)
    assert WORKSHOP[language] in text_of(await li.says("/agenda"))
    saved = await li.presses(calendar)
    assert text_of(saved)
    await li.presses(WORKSHOP[language])
    await li.presses(withdraw)
    await li.presses(yes)
    assert WORKSHOP[language] not in text_of(await li.says("/agenda"))
    assert agenda  # named on every card, in each language


@pytest.mark.parametrize("clock", ["2014-11-05T09:00", "2014-11-06T09:00"])
async def test_a_ceremony_without_an_hour_opens_its_day_and_may_come_next(sqlite_url: str, clock: str) -> None:
    async with running(sqlite_url, clock=clock) as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        programme = text_of(await marie.says("/programme"))
        assert (
            programme.index("Cérémonie d’ouverture") < programme.index("Atelier 3") < programme.index("Dîner officiel")
        )
        shown = await marie.says("/next")
        assert "Cérémonie d’ouverture" in labels_of(shown)
        assert "Atelier 3" in text_of(shown)
        assert "heure à confirmer" in text_of(shown)


async def test_the_calendar_file_holds_a_tentative_day_for_an_hour_not_known(bot: Bot) -> None:
    li = bot.delegate("web", language="zh")
    await li.starts()
    await li.says("/programme")
    await li.presses("分论坛三")
    await li.presses("我要参加")
    await li.says("/agenda")
    shown = await li.presses("加入日历")
    file = shown[-1].body["file"]
    (event,) = icalendar.Calendar.from_ical(file["content"]).walk("VEVENT")
    assert event["dtstart"].dt.isoformat() == "2014-11-06"
    assert event["status"] == "TENTATIVE"
    assert "待确认" in event["summary"]
    feed = next(url for url in shown[-1].buttons.values() if url.startswith("/calendar/"))
    async with bot.http() as http, http.get(bot.url + feed) as answer:
        assert answer.status == 200
        text = (await answer.text()).replace("\r\n ", "")
        assert "待确认" in text
        assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT30M\r\n" in text
        assert "\r\nX-PUBLISHED-TTL:PT30M\r\n" in text


async def test_a_number_that_stands_for_no_button_is_a_question(bot: Bot) -> None:
    marie = bot.delegate("web", language="fr")
    await marie.starts()
    assert "SAMU" in text_of(await marie.says("15"))


def own_labels(shown: list[Shown]) -> list[str]:
    """Without the ways that end every screen of a platform."""
    return [label for label in labels_of(shown) if label not in ("菜单", "紧急求助")]


@pytest.mark.parametrize(
    ("channel", "language", "question", "button", "person"),
    [
        ("web", "fr", "parking", "Ça n’aide pas", "Parler à quelqu’un"),
        ("telegram", "zh", "停车", "没帮上忙", "转人工"),
        ("terminal", "en", "hotel price", "That didn’t help", "Talk to a person"),
    ],
)
async def test_an_answer_that_does_not_help_leads_to_the_next_and_to_a_person(
    bot: Bot, channel: str, language: str, question: str, button: str, person: str
) -> None:
    li = bot.delegate(channel, language=language)
    await li.starts()
    shown = await li.says(question)
    given = text_of(shown)
    assert own_labels(shown)[-1] == button
    offered = own_labels(await li.presses(button))
    assert offered[-1] == person
    assert len(offered) > 1
    assert len(set(offered)) == len(offered)
    other = await li.presses(offered[0])
    assert text_of(other) != given
    assert 1 < len(own_labels(other)) <= 6
    person_said = text_of(await li.presses(button))
    assert person_said == text_of(await li.says("/human")), "and after a second one a person is named"


async def test_a_follow_up_is_read_after_what_was_answered(bot: Bot) -> None:
    li = bot.delegate("web", language="fr")
    await li.starts()
    await li.says("comment aller de l'aéroport en ville ?")
    assert "taxi" in text_of(await li.says("et en taxi ?")).lower()
    await li.says("atelier 3")
    for asked in ("à quelle heure ça commence ?", "et il a lieu à quelle heure ?", "c’est dans quelle salle ?"):
        assert "Atelier 3" in text_of(await li.says(asked)), asked
    assert "Atelier 3" in text_of(await li.says("annule mon inscription")), "of what was shown, not of the event"
    await li.says("/forget")
    assert "Choisissez un numéro de 1 à" in text_of(await li.says("42"))


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
@pytest.mark.parametrize(
    "text",
    ["", "😀😀", "<b>x</b> & <script>alert(1)</script>", "'; DROP TABLE person; --", "שלום עולם ‮abc", "x" * 10_000,
     "/nothing", "**[a](http://b)** {session:x.title} {n}", "2", "\u0000\u0007", "；；；"],
)  # fmt: skip
async def test_whatever_is_typed_gets_a_reply_with_a_way_on(sqlite_url: str, channel: str, text: str) -> None:
    async with running(sqlite_url) as bot:
        li = bot.delegate(channel)
        await li.starts()
        if channel == "telegram" and not text.strip("\u0000\u0007 "):
            return  # Telegram delivers no empty message
        shown = await li.says(text)
        assert text_of(shown).strip()
        assert labels_of(shown)
        assert bot.telegram.faults == []


async def test_no_driver_is_shown_a_place_without_an_address(bot: Bot) -> None:
    li = bot.delegate("web", language="fr")
    await li.starts()
    await li.says("/places")
    (venue,) = await li.presses("Lieu de l’événement")
    assert "à confirmer" in venue.text
    assert not venue.body.get("large")
    await li.says("/places")
    (station, *_) = await li.presses("Aéroports")
    (airport,) = await li.presses("Aéroport") if not station.body.get("large") else (station,)
    assert "Entzheim" in airport.body["large"]


@pytest.mark.parametrize("kind", ["sticker", "voice", "photo", "document", "video", "contact"])
async def test_what_has_no_words_gets_a_kind_answer(bot: Bot, kind: str) -> None:
    li = bot.delegate("telegram")
    await li.starts()
    shown = await li.sends(kind)
    assert "question" in text_of(shown)
    assert labels_of(shown)


@pytest.mark.parametrize("action", ["session|gone", "join|gone", "left|gone", "place|gone", "ask|gone", "nonsense|1|2",
                                    "day|yesterday", "theme|gone", "calendar|gone", "swap|a|b", "language|xx", "join",
                                    "kind|"])  # fmt: skip
async def test_old_and_forged_buttons_get_an_answer(sqlite_url: str, action: str) -> None:
    async with running(sqlite_url) as bot:
        li = bot.delegate("web")
        await li.starts()
        shown = await li.update({"kind": "press", "action": action})  # type: ignore[attr-defined]
        assert text_of(shown)
        assert labels_of(shown)


@pytest.mark.parametrize("payload", ["s_atelier-3", "s_nothing", "x" * 64])
async def test_a_deep_link_leads_to_its_session_or_says_that_it_leads_nowhere(bot: Bot, payload: str) -> None:
    li = bot.delegate("telegram", language="fr")
    shown = await li.starts(payload)
    assert ("Atelier 3" in text_of(shown)) == (payload == "s_atelier-3")
    assert labels_of(shown)


async def test_what_is_held_is_handed_over_and_erased(bot: Bot) -> None:
    li = bot.delegate("web", language="fr")
    await li.starts()
    await li.says("/programme")
    await li.presses("Atelier 3")
    await li.presses("Je participe")
    shown = await li.says("/mydata")
    held = json.loads(shown[-1].body["file"]["content"])
    assert [s["session"] for s in held["sessions"]] == ["atelier-3"]
    assert held["person"]["accounts"][0]["channel"] == "web"
    await li.says("/forget")
    shown = await li.presses("Tout effacer")
    assert "effacées" in text_of(shown)
    shown = await li.says("/mydata")
    held = json.loads(next(m.body["file"]["content"] for m in shown if "file" in m.body))
    assert held["sessions"] == []
    assert len(held["messages"]) <= 2, "only the goodbye, and this file's own turn, are left"


async def test_a_clash_is_shown_with_a_choice(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T08:00") as bot:
        event = bot.app.opened.published.event
        from bot.programme import clashes, seats

        now = bot.app.opened.clock.now()
        pairs = [
            (a, b)
            for a in event.sessions
            for b in event.sessions
            if clashes.overlap(a, b) and seats.is_open(a, now) and seats.is_open(b, now)
        ]
        first, second = pairs[0]
        li = bot.delegate("web", language="en")
        await li.starts()
        press = li.update  # type: ignore[attr-defined]
        await press({"kind": "press", "action": f"join|{first.id}"})
        shown = await press({"kind": "press", "action": f"join|{second.id}"})
        assert labels_of(shown) == ["The new one", "My current one", "Keep both for now"]
        await li.presses("The new one")
        agenda = text_of(await li.says("/agenda"))
        assert second.title.in_("en") in agenda
        assert first.title.in_("en") not in agenda


async def test_a_freed_seat_goes_to_the_next_who_is_told(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T06:00") as bot:
        event, now = bot.app.opened.published.event, bot.app.opened.clock.now()
        from bot.programme import seats

        small = min((s for s in event.sessions if s.capacity and seats.is_open(s, now)), key=lambda s: s.capacity or 0)
        people = [bot.delegate("telegram", language="zh") for _ in range((small.capacity or 0) + 1)]
        for person in people:
            await person.starts(f"s_{small.id}")
        for person in people[:-1]:
            await person.presses("我要参加")
        shown = await people[-1].presses("我要参加")
        assert "候补第1位" in text_of(shown)
        assert "加入候补" not in text_of(shown), "who waits is not invited to wait"
        assert "退出候补" in labels_of(shown)
        assert "取消参加" not in labels_of(shown)
        await people[0].says("/agenda")
        await people[0].presses(small.title.in_("zh")[:6])
        await people[0].presses("取消参加")
        await people[0].presses("确认取消")
        told = await bot.telegram.wait_for(bot.chats, "名额空出")
        assert small.title.in_("zh") in told.text


async def test_who_waits_may_stop_waiting(sqlite_url: str) -> None:
    async with running(sqlite_url, event="demo", clock="2027-05-20T06:00") as bot:
        event, now = bot.app.opened.published.event, bot.app.opened.clock.now()
        from bot.programme import seats

        small = min((s for s in event.sessions if s.capacity and seats.is_open(s, now)), key=lambda s: s.capacity or 0)
        people = [bot.delegate("web", language="fr") for _ in range((small.capacity or 0) + 1)]
        for person in people:
            await person.starts(f"s_{small.id}")
            await person.update({"kind": "press", "action": f"join|{small.id}"})  # type: ignore[attr-defined]
        waiting = people[-1]
        asked = await waiting.presses("Quitter la liste d’attente")
        assert "liste d’attente" in text_of(asked)
        kept = await waiting.presses("Garder mon rang")
        assert "Votre rang sur la liste d’attente\N{NO-BREAK SPACE}: 1." in text_of(kept)
        await waiting.presses("Quitter la liste d’attente")
        gone = await waiting.presses("Oui, quitter la liste")
        assert "Liste d’attente" in labels_of(gone)
        assert "rang" not in text_of(gone)


@pytest.mark.parametrize(
    ("language", "leave", "not_signed_up", "going", "question", "whether"),
    [
        (
            "en",
            "leave workshop 3",
            "You were not signed up",
            "I’m going",
            "Withdraw from “",
            "is workshop 3 cancelled?",
        ),
        (
            "fr",
            "je me désinscris de l’atelier 3",
            "Vous n’aviez pas d’inscription",
            "Je participe",
            "Souhaitez-vous vous retirer de «",
            "l’atelier 3 est-il annulé ?",
        ),
        ("zh", "退出第三分论坛", "您未登记参加该场次", "我要参加", "确定要取消参加“", "第三分论坛取消了吗"),
    ],
)
async def test_who_writes_that_they_leave_a_session_is_asked_or_told_that_they_were_not_in_it(
    sqlite_url: str, language: str, leave: str, not_signed_up: str, going: str, question: str, whether: str
) -> None:
    async with running(sqlite_url) as bot:
        li = bot.delegate("terminal", language=language)
        await li.starts()
        shown = await li.says(leave)
        assert not_signed_up in text_of(shown)
        await li.presses(going)
        shown = await li.says(leave)
        assert question in text_of(shown)
        assert len(labels_of(shown)) == 2
        assert question not in text_of(await li.says(whether))


@pytest.mark.parametrize(
    ("language", "airport", "train", "workshop", "going"),
    [
        ("zh", "怎么从机场去市区？", "9分钟", "我想参加创新工作坊", "我要参加"),
        ("fr", "comment aller de l’aéroport au centre ?", "9\u00a0min", "atelier innovation", "Je participe"),
        (
            "en",
            "how do I get from the airport to the city",
            "9 minutes",
            "research and innovation workshop",
            "I’m going",
        ),
    ],
)
@pytest.mark.parametrize("channel", EVERY_CHANNEL)
async def test_a_delegate_asks_in_their_own_words(
    sqlite_url: str, channel: str, language: str, airport: str, train: str, workshop: str, going: str
) -> None:
    async with running(sqlite_url) as bot:
        li = bot.delegate(channel, language=language)
        await li.starts()
        assert train in text_of(await li.says(airport)).replace("\u00a0minutes", " minutes")
        shown = await li.says(workshop)
        if going not in labels_of(shown):
            shown = await li.presses(WORKSHOP[language])
        assert going in labels_of(shown)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("ok", "Very good."),
        ("how are you", "I’m fine, thank you."),
        ("sorry", "No problem."),
        ("good luck", "the same to you"),
        ("tell me a joke", "no good at jokes"),
        ("😂", "Very good."),
    ],
)
async def test_small_talk_has_an_answer_of_its_own(bot: Bot, said: str, answered: str) -> None:
    li = bot.delegate("web", language="en")
    await li.starts()
    assert answered in text_of(await li.says(said))

"""A question for humans, from outside: a delegate in any chat, the team in its Telegram group."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from bot.desk.tables import desk_post, ticket, ticket_message
from bot.store.transaction import Transaction
from tests.delegate import Bot, Delegate, TelegramDelegate, WebDelegate, labels_of, running, text_of
from tests.doubles.telegram_methods import Seen

GROUP, MOVED = -4005, -1009
ANA, BO = (71, "Ana"), (72, "Bo")
WORDS = {
    # language: plain words for /human, what is asked, a question for humans, it is with the team,
    # taken, the team wrote, closed, the way back
    "fr": (
        "parler à un humain", "De quoi s’agit-il", "Mon badge porte un faux nom.", "transmise à l’équipe",
        "s’occupe de votre question", "L’équipe vous écrit", "clos votre question", "Pas résolu",
    ),
    "zh": (
        "转人工", "请在这里写下您的问题", "我的胸卡名字写错了。", "转给会务组",
        "已有人接手", "会务组答复", "已关闭您的问题", "未解决",
    ),
}  # fmt: skip


async def card(bot: Bot, what: str | Callable[[Seen], bool] = "Question 1", chat: int = GROUP) -> Seen:
    return await bot.telegram.wait_for(chat, what, seconds=10)


async def news(who: Delegate, what: str) -> str:
    """Until that has come without being asked for."""
    if isinstance(who, TelegramDelegate):
        return (await who._double.wait_for(who._chat, what, seconds=10)).text
    assert isinstance(who, WebDelegate)
    seen = ""
    for _ in range(100):
        seen += text_of(await who.sync())
        if what in seen:
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what!r} not in {seen!r}")


async def asked(bot: Bot, who: Delegate, language: str) -> Seen:
    words, about, question, with_team, *_ = WORDS[language]
    assert about in text_of(await who.says(words))
    assert with_team in text_of(await who.says(question))
    return await card(bot, question)


@pytest.mark.parametrize(("language", "forum"), [("fr", False), ("zh", True)])
async def test_a_question_is_taken_answered_closed_and_reopened(database_url: str, language: str, forum: bool) -> None:
    _, _, question, with_team, taken, wrote, closed, again = WORDS[language]
    async with running(database_url, desk_chat=GROUP, forum=forum) as bot:
        li = bot.delegate("web", language=language)
        await li.starts()
        shown = await asked(bot, li, language)
        thread = bot.telegram.thread_of(GROUP, shown.message_id)
        assert bool(thread) == forum
        assert "à prendre" in shown.text
        bot.telegram.presses(GROUP, shown.message_id, "Prendre", *ANA)
        assert taken in await news(li, taken)
        await card(bot, "prise par Ana")
        to = {"thread": thread} if forum else {"to": shown.message_id}
        bot.telegram.says(GROUP, *ANA, "Passez à l’accueil <b>avant</b> midi.", **to)
        said = await news(li, wrote)
        assert "Passez à l’accueil <b>avant</b> midi." in said
        assert taken not in said, "told once"
        await card(bot, lambda seen: "Passez à l’accueil" in seen.text and seen.edited > 0)
        await li.says("/human")
        await li.presses({"fr": "Compléter", "zh": "补充我的问题"}[language])
        await li.says("12 h 30 ?")
        added = await card(bot, "12 h 30 ?")
        assert bot.telegram.under.get((GROUP, added.message_id)) in (shown.message_id, None)
        bot.telegram.presses(GROUP, shown.message_id, "Clore la question", *ANA)
        assert question[:5] in await news(li, closed)
        assert with_team in text_of(await li.presses(again))
        await card(bot, "à prendre")
        cards = [m for m in bot.telegram.sent(GROUP) if m.text.startswith("Question 1")]
        assert len(cards) == 1, "one card, edited in place"
        assert bot.telegram.faults == []


async def test_the_team_undoes_what_it_did(database_url: str) -> None:
    async with running(database_url, desk_chat=GROUP) as bot:
        li = bot.delegate("web", language="zh")
        await li.starts()
        shown = await asked(bot, li, "zh")

        async def presses(label: str, who: tuple[int, str], standing: str) -> None:
            before = (await card(bot)).edited
            bot.telegram.presses(GROUP, shown.message_id, label, *who)
            await card(bot, lambda seen: standing in seen.text and seen.edited > before)

        await presses("Prendre", ANA, "prise par Ana")
        bot.telegram.presses(GROUP, shown.message_id, "Rendre", *BO)
        await presses("Rendre", ANA, "à prendre")
        await presses("Prendre", BO, "prise par Bo")
        await presses("Clore la question", BO, "close")
        await presses("Rouvrir la question", ANA, "à prendre")
        told = await news(li, "会务组已重新打开您的问题")
        assert told.index("已关闭您的问题") < told.index("会务组已重新打开")
        assert bot.telegram.faults == []


async def test_two_never_answer_one_question_unknowingly(database_url: str) -> None:
    async with running(database_url, desk_chat=GROUP) as bot:
        li = bot.delegate("telegram", language="zh")
        await li.starts()
        shown = await asked(bot, li, "zh")
        for who, text in ((ANA, "A!"), (BO, "B!")):
            bot.telegram.says(GROUP, *who, text, to=shown.message_id)
        assert "A!" in await news(li, "会务组答复")
        asking = await card(bot, "Ana vient de prendre cette question")
        assert "Envoyer quand même" in asking.labels
        assert not [m for m in bot.telegram.sent(1001) if "B!" in m.text]
        bot.telegram.presses(GROUP, asking.message_id, "Envoyer quand même", *BO)
        assert "B!" in await news(li, "B!")
        await card(bot, "prise par Bo")
        bot.telegram.presses(GROUP, asking.message_id, "Envoyer quand même", *BO)
        bot.telegram.says(GROUP, *ANA, "not for them", to=0)
        mark = bot.telegram.says(GROUP, *ANA, "C!", to=shown.message_id)
        await bot.telegram.wait_for_offset(mark)
        asking = await card(bot, "Bo vient de prendre cette question")
        bot.telegram.presses(GROUP, asking.message_id, "Ne pas envoyer", *ANA)
        await bot.telegram.wait_until(lambda: bot.telegram.pending() == 0)
        texts = [m.text for m in bot.telegram.sent(1001)]
        assert sum("B!" in text for text in texts) == 1
        assert not any("C!" in text or "not for them" in text for text in texts)


async def test_answers_that_are_there_go_out_in_the_delegate_s_language(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        li = bot.delegate("web", language="zh")
        await li.starts()
        await li.says("/human")
        await li.says("无线网密码是多少？")
        shown = await card(bot, "无线网密码")
        bot.telegram.presses(GROUP, shown.message_id, "Réponses prêtes…", *ANA)
        offered = await card(bot, "Quelle réponse")
        bot.telegram.presses(GROUP, offered.message_id, 0, *ANA)  # type: ignore[arg-type]
        said = await news(li, "会务组的答复")
        assert "密码" in said
        await card(bot, "prise par Ana")


async def test_the_question_just_asked_is_handed_over_and_plain_questions_are_answered(database_url: str) -> None:
    async with running(database_url, desk_chat=GROUP) as bot:
        marie = bot.delegate("telegram", language="fr")
        await marie.starts()
        await marie.says("mon perroquet parle-t-il alsacien couramment")
        shown = await marie.says("/human")
        assert "Envoyer" in " ".join(labels_of(shown))
        await marie.presses("Envoyer")
        await card(bot, "perroquet")
        assert "mot de passe" in text_of(await marie.says("mot de passe du wifi")).lower()
        await marie.says("zorglub zorglub")
        await marie.presses("Compléter ma question")
        await card(bot, "zorglub")
        held = (await marie.says("/mydata"))[-1].body.document[2].decode()
        assert "perroquet" in held
        await marie.says("/forget")
        await marie.presses("Tout effacer")
        for _ in range(200):
            if not any("perroquet" in m.text or "zorglub" in m.text for m in bot.telegram.sent(GROUP)):
                break
            await asyncio.sleep(0.05)
        assert not any("perroquet" in m.text or "zorglub" in m.text for m in bot.telegram.sent(GROUP))

        def left(tx: Transaction) -> list[int]:
            return [int(tx.scalar(select(func.count()).select_from(t))) for t in (ticket, ticket_message, desk_post)]

        for _ in range(100):
            if bot.app.opened.store.read_now(left) == [0, 0, 0]:
                break
            await asyncio.sleep(0.05)
        assert bot.app.opened.store.read_now(left) == [0, 0, 0]


async def test_an_emergency_is_answered_before_anything_else(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        await marie.says("/human")
        shown = await marie.says("quelqu’un a fait un malaise, quel numéro d’urgence ?")
        assert "112" in shown[0].text or "15" in shown[0].text
        assert "transmise à l’équipe" in text_of(shown)
        await card(bot, "ressemble à une urgence")


@pytest.mark.parametrize("how", ["told", "refused"])
async def test_the_desk_follows_a_group_that_moves(sqlite_url: str, how: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        li = bot.delegate("telegram", language="zh")
        await li.starts()
        await asked(bot, li, "zh")
        if how == "told":
            bot.telegram.migrate(GROUP, MOVED)
        else:
            bot.telegram.group(MOVED)
            bot.telegram.moved[GROUP] = MOVED
            await li.presses("补充我的问题")
            await li.says("还有一点")
        shown = await card(bot, "我的胸卡", MOVED)
        bot.telegram.says(MOVED, *BO, "Bien reçu.", to=shown.message_id)
        assert "Bien reçu." in await news(li, "Bien reçu.")
        assert bot.telegram.faults == []


async def test_put_out_of_the_group_organizers_are_told_and_get_the_questions(database_url: str) -> None:
    async with running(database_url, desk_chat=GROUP, organizers="telegram:1002") as bot:
        li, boss = bot.delegate("web", language="zh"), bot.delegate("telegram", language="fr")
        for each in (li, boss):
            await each.starts()
        bot.telegram.block(GROUP)
        off = await bot.telegram.wait_for(1002, "Le service d’aide est coupé", seconds=10)
        assert "groupe" in off.text
        await li.says("/human")
        await li.says("我的胸卡名字写错了。")
        seen = await bot.telegram.wait_for(1002, "胸卡", seconds=10)
        bot.telegram.press(1002, seen.message_id, "Écrire une réponse")
        await bot.telegram.wait_for(1002, "Écrivez votre réponse", seconds=10)
        await boss.says("Venez à l’accueil.")
        assert "Venez à l’accueil." in await news(li, "会务组答复")
        bot.telegram.unblock(GROUP)
        await bot.telegram.wait_for(1002, "rétabli", seconds=10)
        await card(bot, "胸卡")
        assert sum("coupé" in m.text for m in bot.telegram.sent(1002)) == 1
        assert bot.telegram.faults == []


async def test_an_organizer_alone_takes_a_question_and_what_they_write_next_is_the_answer(sqlite_url: str) -> None:
    async with running(sqlite_url, organizers="telegram:1001") as bot:
        boss, li = bot.delegate("telegram", language="fr"), bot.delegate("web", language="zh")
        for each in (boss, li):
            await each.starts()
        await li.says("/human")
        await li.says("我的行李没有到。")
        await bot.telegram.wait_for(1001, "行李", seconds=10)
        for said in ("/programme", "Quel est votre vol ?"):
            assert "Écrivez votre réponse" in text_of(await boss.presses("Prendre"))
            await boss.says(said)
            if said == "/programme":
                await boss.presses("Rendre")
        shown = await news(li, "会务组答复")
        assert "Quel est votre vol ?" in shown
        assert "/programme" not in shown, "a command is no answer"
        assert text_of(await li.says("航班号是CA933")).strip() == "已补充到您的问题中。", (
            "what asks nothing is for the team"
        )
        added = await bot.telegram.wait_for(1001, "CA933", seconds=10)
        await li.says("/forget")
        await li.presses("全部删除")
        bot.telegram.press(1001, added.message_id, "Clore la question")
        await bot.telegram.wait_for(1001, "effacée à la demande de son auteur", seconds=10)
        assert bot.telegram.faults == []


async def test_an_answer_finds_another_way_or_the_team_is_told(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        li = bot.delegate("telegram", language="zh")
        await li.starts()
        shown = await asked(bot, li, "zh")
        bot.telegram.chats[1001].is_blocked = True
        bot.telegram.says(GROUP, *ANA, "Voilà.", to=shown.message_id)
        await card(bot, "La réponse n’est pas arrivée")
        await card(bot, "Non remis.")


async def test_without_a_team_contacts_are_named_as_ever(sqlite_url: str) -> None:
    async with running(sqlite_url) as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        shown = text_of(await marie.says("/human"))
        assert "112" in shown
        assert "De quoi s’agit-il" not in shown


async def test_a_card_that_may_have_been_sent_comes_again_and_both_can_be_answered(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP) as bot:
        li = bot.delegate("web", language="zh")
        await li.starts()
        await li.says("/human")
        bot.telegram.drop_next("sendmessage")  # carried out, and the answer lost
        await li.says("我的胸卡名字写错了。")
        await bot.telegram.wait_until(lambda: len(bot.telegram.sent(GROUP)) == 2, seconds=10)
        first, _ = bot.telegram.sent(GROUP)
        bot.telegram.says(GROUP, *ANA, "Vu.", to=first.message_id)
        assert "Vu." in await news(li, "会务组答复")


async def test_topics_that_cannot_be_had_keep_no_question_back(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP, forum=True) as bot:
        bot.telegram.may_begin_topics = True
        li = bot.delegate("telegram", language="zh")
        await li.starts()
        shown = await asked(bot, li, "zh")
        del bot.telegram.topics[GROUP, bot.telegram.thread_of(GROUP, shown.message_id)]
        bot.telegram.delete(GROUP, shown.message_id)
        bot.telegram.faults.clear()
        await li.presses("补充我的问题")
        await li.says("还有一点。")
        again = await card(bot, lambda seen: "还有一点" in seen.text and "Question 1" in seen.text)
        assert not bot.telegram.thread_of(GROUP, again.message_id), "somebody deleted the topic"
        bot.telegram.may_begin_topics = False
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        await marie.says("/human")
        await marie.says("Où est mon manteau ?")
        assert not bot.telegram.thread_of(GROUP, (await card(bot, "manteau")).message_id)


async def test_where_the_bot_may_not_write_organizers_get_the_questions(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP, organizers="telegram:1001") as bot:
        boss, li = bot.delegate("telegram", language="fr"), bot.delegate("web", language="zh")
        for each in (boss, li):
            await each.starts()
        await bot.telegram.wait_until(lambda: bot.telegram.calls["sendchataction"] > 0, seconds=10)
        bot.telegram.fail_next("sendmessage", 400, "Bad Request: not enough rights to send text messages to the chat")
        bot.telegram.fail_next("sendchataction", 400, "Bad Request: CHAT_WRITE_FORBIDDEN", times=9)
        mark = bot.telegram.mark()
        await li.says("/human")
        await li.says("我的胸卡名字写错了。")
        await bot.telegram.wait_for(1001, "Le service d’aide est coupé", since=mark, seconds=10)
        await bot.telegram.wait_for(1001, "胸卡", since=mark, seconds=10)


async def test_the_group_is_written_to_at_its_pace(sqlite_url: str) -> None:
    async with running(sqlite_url, desk_chat=GROUP, telegram_rate=30) as bot:
        bot.telegram.limits = True
        people = [bot.delegate("web", language="zh") for _ in range(3)]
        for each in people:
            await each.starts()
            await each.says("/human")
            await each.says("我的胸卡名字写错了。")
        first = await card(bot, "Question 1")
        for label in ("Prendre", "Clore la question"):
            bot.telegram.presses(GROUP, first.message_id, label, *ANA)
            await bot.telegram.wait_until(lambda: bot.telegram.pending() == 0)
        await card(bot, "Question 2")
        await card(bot, lambda seen: "close" in seen.text)
        at = [when for when, method, chat in bot.telegram.log if chat == GROUP]
        assert at[-1] - at[0] > 2.5 * (len(at) - 2), "20 a minute"
        assert bot.telegram.faults == []

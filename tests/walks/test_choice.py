"""A language model that may choose among entries: over HTTP, through the whole bot, and however it fails."""

import time

import pytest

from bot.text.markup import parse
from tests.delegate import labels_of, running, text_of
from tests.doubles.llm import LlmDouble

UNSURE = "j'ai un truc à demander pour le bus de li.wei@hz.gov.cn, tél 06 12 34 56 78 90"


async def test_it_chooses_an_entry_and_never_a_word(sqlite_url: str) -> None:
    async with LlmDouble() as llm, running(sqlite_url, llm=llm) as bot:
        marie = bot.delegate("web", language="fr")
        assert llm.url.split("/")[2].split(":")[0] in text_of(await marie.says("/privacy")), (
            "and who reads along is named"
        )
        asked = await marie.says(UNSURE)
        assert "That didn’t help" not in labels_of(asked)
        assert "Ça n’aide pas" not in labels_of(asked), "none: what the engine decided stands"
        [sent] = llm.asked
        assert 2 <= len(sent["entries"]) <= 10
        assert "li.wei" not in sent["question"]
        assert "34 56" not in sent["question"]
        chosen = sent["entries"][-1]["id"]
        llm.says = f'"{chosen}"\n'
        answer = await marie.says(UNSURE)
        assert "Ça n’aide pas" in labels_of(answer)
        entry = bot.app.opened.published.event.entry[chosen]
        begins = str(parse(entry.answer.in_("fr").split("{")[0])).strip()[:40]
        assert " ".join(begins.split()) in " ".join(text_of(answer).split())
        llm.says = "Bonjour ! Prenez le bus 27 à 9 h."
        assert text_of(await marie.says(UNSURE)) == text_of(asked), "its own sentences are no answer"
        llm.says = "wifi-password-that-is-no-candidate"
        assert text_of(await marie.says(UNSURE)) == text_of(asked)
        before = len(llm.asked)
        await marie.says("mot de passe du wifi")
        assert len(llm.asked) == before, "what is sure is not asked"
        assert llm.faults == []


@pytest.mark.parametrize("fails", ["500", "slow", "garbage", "huge", "redirect", "gone", "wrong key"])
async def test_however_it_fails_the_local_choice_stands(sqlite_url: str, fails: str) -> None:
    async with LlmDouble() as llm, running(sqlite_url, llm=llm) as bot:
        marie = bot.delegate("web", language="fr")
        await marie.starts()
        local = text_of(await marie.says(UNSURE))
        llm.says, llm.fails = llm.asked[0]["entries"][0]["id"], fails
        if fails == "gone":
            await llm.__aexit__(None, None, None)
        if fails == "wrong key":
            llm.key = "sk-changed"
        for _ in range(3):
            assert text_of(await marie.says(UNSURE)) == local
        asked, started = len(llm.asked), time.monotonic()
        assert text_of(await marie.says(UNSURE)) == local
        assert len(llm.asked) == asked, "after three failures it is left alone for a while"
        assert time.monotonic() - started < 2 or fails != "slow"
        assert llm.elsewhere == 0

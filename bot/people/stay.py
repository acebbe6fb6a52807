"""What a delegate asks of their own stay: "my hotel", "où est ma table ?", "我的翻译是谁"."""

import re
import unicodedata

LONGEST = 60  # characters; a longer message asks something else about it
STAY = "stay"
NOUNS = {
    "hotel": ("hotels?|chambre|logement|room|accommodation", "酒店|宾馆|旅馆|饭店|住宿|房间|住处"),
    "shuttle": (
        "navettes?|bus|car|transfert|shuttles?|transfer|coach|pick ?up",
        "班车|接驳车|大巴|巴士|接送车|专车|接站",
    ),
    "table": ("table|place a table|numero de table|table number|seat", "桌号|桌次|桌子|餐桌|席位|桌|座位"),
    "interpreter": ("interprete|traducteur|traductrice|interpreter|translator", "翻译|译员|口译|同传"),
    STAY: ("sejour|stay|informations pratiques|logistique|logistics", "行程信息|接待安排|食宿安排|参会信息"),
}
LATIN = {
    name: re.compile(rf"\b(?:mon|ma|mes|my)\s+(?:{latin})\b(?!\s+(?:key|bill|badge|card))")
    for name, (latin, _) in NOUNS.items()
}
HAN = {name: re.compile(rf"(?<![帮给替请])我(?:们)?(?:的)?(?:{han})") for name, (_, han) in NOUNS.items()}
ASKED = {
    "hotel": re.compile(
        r"我(?:们)?(?:住(?:在)?(?:哪|什么|几)|被安排住)|\bou (?:est ce que )?(?:je|dois je) (?:loge|dors)\b"
        r"|\bwhere (?:am i|do i|will i) stay"
    ),
    "table": re.compile(r"我(?:们)?(?:坐|在)(?:哪|几|第几)(?:一)?(?:桌|张桌)"),
    "shuttle": re.compile(r"我(?:们)?(?:坐|乘)(?:哪|几)(?:一)?(?:趟|辆|班)(?:车|班车|大巴)?"),
}


# What may stand around it: with any other word it is another question ("from my hotel to the venue, by tram?").
AROUND = re.compile(
    r"(?:\b(?:where|what|which|who|when|is|are|s|the|a|at|in|on|for|do|does|you|know|can|could|tell|me|please|i|d|like|to"
    r"|number|name|time|leave|leaves|depart|departs|called|address|see|show|ou|quel|quelle|quels|quelles|qui|quand|est|sont"
    r"|c|se|il|vous|te|plait|svp|je|quoi|heure|le|la|l|les|de|du|des|part|arrive|appelle|numero|nom|adresse|savoir"
    r"|connaitre|voir|donner|dire|pouvez|puis|trouve|bonjour|merci|hello|thanks)\b|[\s\W_]"
    r"|[是在哪家里个谁几点号什么时候呢吗啊请问一下的第张了坐出发开叫名字怎称呼地址查看想知道告诉我您好间房位])*"
)


def asked(text: str) -> str:
    """What of their stay the message asks: "hotel", "shuttle", "table", "interpreter", "stay" for all; "" where it
    asks something else."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(sign for sign in folded if not unicodedata.combining(sign)).replace("’", " ").replace("'", " ")
    if len(folded) > LONGEST:
        return ""
    for patterns in (LATIN, HAN, ASKED):
        for name, pattern in patterns.items():
            found = pattern.search(folded)
            if found and AROUND.fullmatch(folded[: found.start()] + " " + folded[found.end() :]):
                return name
    return ""

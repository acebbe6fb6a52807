"""Simplified to Traditional Chinese and back, by OpenCC's tables; and what those tables get wrong."""

import re
from functools import lru_cache

from opencc import OpenCC

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")

# Where a character has two Traditional forms, OpenCC goes by its phrases, and misses names ("里歇尔") and what
# stands across two of them ("保留发票" is not about hair). Of 发 and 签 the common form is taken, but for these.
FIXED = {
    "里歇尔": "里歇爾",
    "里谢尔": "里謝爾",
    "里昂": "里昂",
    "里尔": "里爾",
    "里斯本": "里斯本",
    "里约": "里約",
    "里程": "里程",
    "公里": "公里",
    "英里": "英里",
    "米其林": "米其林",
    "罗昂宫": "羅昂宮",
    "克莱贝尔": "克萊貝爾",
    "凯布朗利": "凱布朗利",
    "后天": "後天",
    "台阶": "臺階",
    "平台": "平台",
    "柜台": "櫃台",
    "前台": "前台",
    "站台": "月台",
    "展台": "展台",
    "服务台": "服務台",
    "接待台": "接待台",
    "咨询台": "諮詢台",
    "观景台": "觀景台",
    "发": "發",
    "头发": "頭髮",
    "理发": "理髮",
    "美发": "美髮",
    "剪发": "剪髮",
    "毛发": "毛髮",
    "发型": "髮型",
    "发廊": "髮廊",
    "长发": "長髮",
    "短发": "短髮",
    "假发": "假髮",
    "签": "簽",
    "标签": "標籤",
    "牙签": "牙籤",
    "书签": "書籤",
    "抽签": "抽籤",
    "台湾": "台灣",
    "台北": "台北",
}
PROTECTED = re.compile("|".join(sorted(FIXED, key=len, reverse=True)))


@lru_cache(maxsize=4)
def _converter(table: str) -> OpenCC:
    return OpenCC(table)


@lru_cache(maxsize=8192)
def traditional(text: str) -> str:
    """`text` in Traditional script, with Taiwan's forms of characters; what is not Chinese is untouched."""
    if text.isascii():
        return text
    out: list[str] = []
    at = 0
    for name in PROTECTED.finditer(text):
        out += (_converter("s2tw").convert(text[at : name.start()]), FIXED[name[0]])
        at = name.end()
    out.append(_converter("s2tw").convert(text[at:]))
    # Quotation marks are not script: in Traditional texts “ ” are 「 」.
    return "".join(out).replace("“", "「").replace("”", "」")


def to_traditional(text: str) -> str:
    """`text` character by character in Traditional script, for comparing: nothing fixed, no marks changed."""
    return str(_converter("s2t").convert(text)) if HAN.search(text) else text


@lru_cache(maxsize=8192)
def simplified(text: str) -> str:
    """`text` in Simplified script; what is not Chinese is untouched."""
    return str(_converter("t2s").convert(text)) if HAN.search(text) else text


def is_traditional(text: str) -> bool:
    """Whether `text` holds characters that only Traditional writes, and none that only Simplified does."""
    return simplified(text) != text and to_traditional(text) == text

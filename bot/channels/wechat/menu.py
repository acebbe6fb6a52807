"""The account's menu: three columns made of the commands, in two languages side by side; in each reader's own by
conditional menus, where the account may have them. Written only where it changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.channels.wechat.api import Api
from bot.text.words import Words

Commands = Callable[[str], Sequence[tuple[str, str]]]  # language -> (command, what it does)

# The commands of each column, in the order shown; what is in none goes into the last, as far as there is room.
COLUMNS = (("programme", "now", "next", "agenda"), ("news", "places", "human", "help"), ("language", "notify"))
ROWS, COLUMN_BYTES, ROW_BYTES = 5, 16, 60  # platform rules
RULES = {"zh": "zh_CN", "fr": "fr", "en": "en"}  # language -> WeChat's name for it

log = structlog.get_logger()


async def publish(
    api: Api, words: Callable[[str], Words], commands: Commands, languages: Sequence[str], base_url: str
) -> bool:
    """Bring the account's menu to what we say now; whether it is so. languages: the two side by side first."""
    wanted = {"button": columns(words, commands, languages[:2], base_url)}
    conditional = [
        {"button": columns(words, commands, [language], base_url), "matchrule": {"language": RULES[language]}}
        for language in languages
        if language in RULES
    ]
    shown = await api.call("/cgi-bin/menu/get")
    if _shape(shown.data.get("menu", {})) == _shape(wanted):
        return True
    made = await api.call("/cgi-bin/menu/create", wanted)
    if not made.is_done:
        log.warning("wechat.no_menu", code=made.code)
        return False
    for menu in conditional:
        answer = await api.call("/cgi-bin/menu/addconditional", menu)
        if not answer.is_done:  # most accounts may not: both languages stand in the one menu
            break
    log.info("wechat.menu_set")
    return True


def columns(
    words: Callable[[str], Words], commands: Commands, languages: Sequence[str], base_url: str
) -> list[dict[str, Any]]:
    """The three columns, each label in these languages as far as there is room."""
    told = [dict(commands(language)) for language in languages]
    said = [words(language) for language in languages]
    grouped = [[name for name in column if name in told[0]] for column in COLUMNS]
    grouped[-1] += [name for name in told[0] if all(name not in column for column in COLUMNS)]
    web = [{"type": "view", "url": f"{base_url}/wechat/enter"}] if base_url else []
    out = []
    for n, names in enumerate(grouped):
        room = ROWS - (len(web) if n == len(grouped) - 1 else 0)
        rows: list[dict[str, Any]] = [
            {"type": "click", "name": _fit([each[name] for each in told], ROW_BYTES), "key": f"/{name}"}
            for name in names[:room]
        ]
        if n == len(grouped) - 1:
            rows += [{**each, "name": _fit([say.p("button", "Web chat") for say in said], ROW_BYTES)} for each in web]
        out.append({"name": _fit([_column(say)[n] for say in said], COLUMN_BYTES), "sub_button": rows})
    return out


def _column(say: Words) -> tuple[str, str, str]:
    return say.p("menu", "Programme"), say.p("menu", "Practical"), say.p("menu", "More")


def _fit(labels: Sequence[str], most: int) -> str:
    """The labels side by side, or the first alone, cut where even that is too long."""
    together = " ".join(dict.fromkeys(labels))
    if len(together.encode()) <= most:
        return together
    return labels[0].encode()[:most].decode(errors="ignore")


def _shape(menu: Mapping[str, Any]) -> list[Any]:
    """What of a menu counts, however WeChat dresses it."""

    def row(item: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(item.get(name, "")) for name in ("name", "type", "key", "url"))

    found = menu.get("button", [])
    return [(column.get("name"), [row(item) for item in column.get("sub_button", [])]) for column in found]

"""Every PASSERELLE_ name, typed, with its default. Read once at start and passed on as values.

The names are fixed by the outside contract. An unknown name with the prefix is an error that names
the nearest right one, since a misspelt setting is worse than none.
"""

import difflib
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import BadSettings, Fault

PREFIX = "PASSERELLE_"
ACCOUNT = re.compile(r"telegram:\d+|wechat:[\w-]{6,128}|(?:web|terminal):[\w.-]{1,128}", re.ASCII)
TOKEN = re.compile(r"\d{5,}:[\w-]{20,}", re.ASCII)  # Telegram's: the bot's number, a colon, 35 characters today

AES_KEY = re.compile(r"[A-Za-z0-9]{43}")

# What to write where a value cannot be read. A value is shown beside it unless the setting is a secret.
WRITE = {
    "clock": "write a local time of the event, such as 2014-11-05T09:00",
    "database_url": "write sqlite:///var/passerelle.db or postgresql://user:password@host/name",
    "broker_url": "write nats://host:4222",
    "port": "write a number from 0 to 65535",
    "public_url": "write an address such as https://bot.example.org (http:// on this machine)",
    "telegram_token": "write @BotFather’s token as it is: a number, a colon, about 35 letters and digits",
    "telegram_api_url": "write an address such as http://localhost:8081",
    "telegram_mode": "write polling or webhook",
    "telegram_rate": "write messages a second, such as 30 (0: no pace of our own)",
    "telegram_desk_chat": "write the group’s number, such as -1001234567890 (docs/operators.md says how to find it)",
    "wechat_aes_key": "write WeChat’s EncodingAESKey as it is: 43 letters and digits",
    "wechat_api_url": "write an address such as https://api.example.org",
    "organizers": "write telegram:NUMBER, wechat:OPENID, web:ADDRESS or terminal:NAME, with commas between them",
    "embedder": "write local, none, or the https:// address of an embeddings server",
    "llm_url": "write an address such as https://llm.example.org/v1",
    "retention_days": "write a number of days, 0 or more",
    "log_format": "write text or json",
}


def _local(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is not None:
        raise ValueError("local to the event: no zone")
    return value


def _address(value: str) -> str:
    if value and not re.match(r"https?://[^/\s]+", value):
        raise ValueError("no address")
    return value.rstrip("/")


def _embedder(value: str) -> str:
    return value if value in ("local", "none") or not value else _address(value)


def _database(value: SecretStr) -> SecretStr:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(value.get_secret_value())
    except (ArgumentError, ValueError):
        raise ValueError("no database") from None  # the reason may quote the password
    if parsed.drivername not in ("sqlite", "postgresql") or not parsed.database or parsed.database == ":memory:":
        raise ValueError("no database of ours")
    return value


def _token(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("no token")
    return value


def _group(value: str) -> str:
    if value and not re.fullmatch(r"-[0-9]{1,18}", value):
        raise ValueError("no group")
    return value


def _aes_keys(value: SecretStr | None) -> SecretStr | None:
    """One EncodingAESKey, or the new one and the old with a comma between them."""
    keys = value.get_secret_value().split(",") if value is not None and value.get_secret_value() else []
    if not all(AES_KEY.fullmatch(key) for key in keys):
        raise ValueError("no key")
    return value


def _broker(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not re.match(r"(nats|tls)://\S", value.get_secret_value()):
        raise ValueError("no broker")
    return value


def _accounts(value: str) -> str:
    bad = [item for item in _items(value) if not ACCOUNT.fullmatch(item)]
    if bad:
        raise ValueError(", ".join(map(repr, bad)))
    return value


def _items(value: str) -> list[str]:
    return [item for item in re.split(r"[,，;\s]+", value) if item]


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """See the table in README. Secrets are SecretStr: they print as stars."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    event: str = "strasbourg-2014"
    clock: Annotated[datetime | None, AfterValidator(_local)] = None  # local to the event, naive
    database_url: Annotated[SecretStr, AfterValidator(_database)] = SecretStr("sqlite:///var/passerelle.db")
    broker_url: Annotated[SecretStr | None, AfterValidator(_broker)] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Address = ""
    secret_key: SecretStr | None = None
    telegram_token: Annotated[SecretStr | None, AfterValidator(_token)] = None
    telegram_api_url: Address = ""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_rate: Annotated[int, Field(ge=0)] = 30
    telegram_desk_chat: Annotated[str, AfterValidator(_group)] = ""
    wechat_app_id: str = ""
    wechat_app_secret: SecretStr | None = None
    wechat_token: SecretStr | None = None
    wechat_aes_key: Annotated[SecretStr | None, AfterValidator(_aes_keys)] = None
    wechat_api_url: Address = ""
    organizers: Annotated[str, AfterValidator(_accounts)] = ""
    embedder: Annotated[str, AfterValidator(_embedder)] = "local"
    llm_url: Address = ""
    llm_key: SecretStr | None = None
    llm_model: str = ""
    retention_days: Annotated[int, Field(ge=0)] = 90
    log_format: Literal["", "text", "json"] = ""

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()

    @property
    def organizer_accounts(self) -> frozenset[tuple[str, str]]:
        """(channel, address) of whoever may use organizers' commands."""
        split = (item.partition(":") for item in _items(self.organizers))
        return frozenset((channel, address) for channel, _, address in split)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and `.env`. Raises BadSettings with every fault at once."""
    environ = os.environ if environ is None else environ
    faults = [*_unknown(environ, "environment"), *_unknown(_dotenv(), ".env")]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        faults += [_unreadable(problem, environ) for problem in error.errors()]
    if settings is not None and settings.llm_url and not settings.llm_model:
        faults.append(Fault(f"{PREFIX}LLM_MODEL", 0, f"is missing beside {PREFIX}LLM_URL", "write the model's name"))
    if settings is not None and settings.telegram_mode == "webhook" and not settings.public_url.startswith("https://"):
        do = "write the https:// address under which a proxy serves this bot, or leave out the webhook mode"
        faults.append(Fault(f"{PREFIX}PUBLIC_URL", 0, f"is no https address beside {PREFIX}TELEGRAM_MODE=webhook", do))
    if settings is not None:
        faults += _wechat(settings)
    if settings is not None and settings.broker_url is not None:
        faults += _shared(settings)
    if faults or settings is None:
        raise BadSettings(faults)
    return settings


def _wechat(settings: Settings) -> list[Fault]:
    """What an Official Account lacks that is set in part."""
    given = {
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
        "WECHAT_TOKEN": settings.wechat_token,
    }
    if not any(given.values()) and settings.wechat_aes_key is None:
        return []
    do = "copy it from 公众平台 (docs/wechat.zh.md)"
    return [Fault(PREFIX + name, 0, "is missing beside the others", do) for name, value in given.items() if not value]


def _shared(settings: Settings) -> list[Fault]:
    """What processes that share an engine must have in common, and have not."""
    faults = []
    if settings.secret_key is None:
        same = "the same in every process, such as the output of: openssl rand -base64 32"
        faults.append(Fault(f"{PREFIX}SECRET_KEY", 0, f"is missing beside {PREFIX}BROKER_URL", same))
    if settings.database.startswith("sqlite"):
        what = f"is an SQLite file, which one process has for itself, beside {PREFIX}BROKER_URL"
        faults.append(Fault(f"{PREFIX}DATABASE_URL", 0, what, "write postgresql://user:password@host/name"))
    return faults


def _unreadable(problem: Mapping[str, Any], environ: Mapping[str, str]) -> Fault:
    """What is wrong with a setting and what to write; the value of a secret is never shown."""
    field = str(problem["loc"][0])
    name = PREFIX + field.upper()
    where = "" if name in {each.upper() for each in environ} else " (in .env)"
    is_secret = "SecretStr" in str(Settings.model_fields[field].annotation)
    value = "what it holds" if is_secret else repr(problem["input"])
    if field == "organizers" and "ctx" in problem:
        value = str(problem["ctx"]["error"])  # those items alone that are wrong
    return Fault(name + where, 0, f"{value} cannot be used", WRITE.get(field, str(problem["msg"])))


def _dotenv() -> dict[str, str]:
    from dotenv import dotenv_values

    return {k: v or "" for k, v in dotenv_values(".env").items()} if Path(".env").is_file() else {}


def _unknown(names: Mapping[str, str], where: str) -> list[Fault]:
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    return [
        Fault(name, 0, f"is no setting (in the {where})", f"did you mean {near[0]}?" if near else "remove it")
        for name in names
        if name.upper().startswith(PREFIX) and name.upper() not in known
        for near in [difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.5)]
    ]

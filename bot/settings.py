"""Every PASSERELLE_ name, typed, with its default. Read once at start and passed on as values.

The names are fixed by the outside contract. An unknown name with the prefix is an error that names
the nearest right one, since a misspelt setting is worse than none.
"""

import difflib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import BadInput, Fault

PREFIX = "PASSERELLE_"


class Settings(BaseSettings):
    """See the table in README. Secrets are SecretStr: they print as stars."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    event: str = "strasbourg-2014"
    clock: datetime | None = None  # local to the event, naive
    database_url: SecretStr = SecretStr("sqlite:///var/passerelle.db")
    broker_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    secret_key: SecretStr | None = None
    telegram_token: SecretStr | None = None
    telegram_api_url: str = ""
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_rate: int = 30
    telegram_desk_chat: str = ""
    wechat_app_id: str = ""
    wechat_app_secret: SecretStr | None = None
    wechat_token: SecretStr | None = None
    wechat_aes_key: SecretStr | None = None
    wechat_api_url: str = ""
    organizers: str = ""
    embedder: str = "local"
    llm_url: str = ""
    llm_key: SecretStr | None = None
    llm_model: str = ""
    retention_days: int = 90
    log_format: Literal["", "text", "json"] = ""

    @field_validator("clock")
    @classmethod
    def _local(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("a local time in the event's zone, such as 2014-11-05T09:00")
        return value

    @field_validator("public_url", "telegram_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("an address that begins with https:// (or http:// on this machine)")
        return value.rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url.get_secret_value()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and `.env`. Raises BadInput with every fault at once."""
    environ = os.environ if environ is None else environ
    faults = [*_unknown(environ, "environment"), *_unknown(_dotenv(), ".env")]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = PREFIX + str(problem["loc"][0]).upper()
            faults.append(Fault(name, 0, "cannot be read", problem["msg"].removeprefix("Value error, ")))
    if faults or settings is None:
        raise BadInput(faults)
    return settings


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

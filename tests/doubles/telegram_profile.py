"""What the double keeps of the bot itself, and the methods on it: webhook, commands, names, menu button."""

import asyncio
import re
from collections import Counter, deque
from typing import Any

from tests.doubles.telegram_values import Chat, Refused, bad, integer, language, parsed, true

KNOWN_UPDATES = {
    "message", "edited_message", "channel_post", "callback_query", "inline_query", "my_chat_member", "chat_member",
}  # fmt: skip
SECRET = re.compile(r"[A-Za-z0-9_-]*")


class Profile:
    """The bot, its chats and what was sent to them."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.username = "passerelle_bot"
        self.faults: list[str] = []  # what the client should never have done
        self.log: deque[tuple[float, str, int]] = deque(maxlen=200_000)  # when, method, chat: what was accepted
        self.chats: dict[int, Chat] = {}
        self.webhook_url = self.webhook_secret = ""
        self.max_connections = 40
        self.last_error: tuple[int, str] | None = None  # at the webhook's address
        self.is_inline = True
        self.moved: dict[int, int] = {}  # old id of a group -> its new one
        self.inline: dict[str, list[dict[str, Any]]] = {}  # inline query -> what was offered
        self.inline_buttons: dict[str, dict[str, Any]] = {}  # inline query -> the button above what was offered
        self.commands: dict[str, list[dict[str, str]]] = {}  # by language
        self.group_commands: dict[str, list[dict[str, str]]] = {}
        self.own_commands: dict[int, dict[str, list[dict[str, str]]]] = {}  # of single chats
        self.menu_buttons: dict[int, dict[str, Any]] = {}  # 0: everybody's
        self.later_seconds = 0.0  # how far the double's clock is ahead
        self.profile: dict[tuple[str, str], str] = {}  # by name of the text and language
        self.answered: list[str] = []  # callback queries
        self.delivered: Counter[int] = Counter()  # update -> how often handed out
        self._updates: deque[dict[str, Any]] = deque()
        self._allowed: set[str] = KNOWN_UPDATES - {"chat_member"}
        self._message_id = 0
        self._change = 0
        self._queries: dict[str, tuple[int, float]] = {}  # id -> update, when it was made
        self._query_answers: Counter[str] = Counter()
        self._watchers: set[asyncio.Event] = set()

    def _stop_polling(self, why: Refused | None) -> None:
        raise NotImplementedError

    def _deliver(self) -> None:
        """Hand waiting updates to the webhook."""
        raise NotImplementedError

    def _me(self) -> dict[str, Any]:
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": self.profile.get(("name", ""), "Passerelle"),
            "username": self.username,
        }

    def _getme(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._me(),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": self.is_inline,
        }

    def _setwebhook(self, parameters: dict[str, Any]) -> bool:
        url, secret = str(parameters.get("url", "")), str(parameters.get("secret_token", ""))
        if url and not url.startswith("https://"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if len(secret) > 256 or not SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        most = integer(parameters, "max_connections") or 40
        if not 1 <= most <= 100:
            raise bad("wrong max_connections")
        if parameters.get("allowed_updates"):
            self.allow(set(parsed(parameters["allowed_updates"])))
        if true(parameters, "drop_pending_updates"):
            self._updates.clear()
        self.webhook_url, self.webhook_secret, self.max_connections = url, secret, most
        self._stop_polling(Refused(409, "terminated by setWebhook request"))
        self._deliver()
        return True

    def _deletewebhook(self, parameters: dict[str, Any]) -> bool:
        self.webhook_url = ""
        if true(parameters, "drop_pending_updates"):
            self._updates.clear()
        return True

    def _getwebhookinfo(self, _: dict[str, Any]) -> dict[str, Any]:
        info: dict[str, Any] = {
            "url": self.webhook_url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
            "max_connections": self.max_connections,
            "allowed_updates": sorted(self._allowed),
        }
        if self.last_error:
            info |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        return info

    def allow(self, kinds: set[str]) -> None:
        """These kinds of updates alone are handed out."""
        if unknown := kinds - KNOWN_UPDATES:
            self.faults.append(f"unknown kinds of updates: {sorted(unknown)}")
        self._allowed = kinds

    def _setmycommands(self, parameters: dict[str, Any]) -> bool:
        commands = parsed(parameters.get("commands", "[]"))
        if not isinstance(commands, list) or len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for one in commands:
            name, what = str(one.get("command", "")).removeprefix("/"), str(one.get("description", ""))
            if not 1 <= len(name) <= 32 or set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789_"):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(what) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._scope(parameters)[language(parameters)] = [
            {"command": one["command"].removeprefix("/"), "description": one["description"]} for one in commands
        ]
        return True

    def _getmycommands(self, parameters: dict[str, Any]) -> list[dict[str, str]]:
        return self._scope(parameters).get(language(parameters), [])

    def _deletemycommands(self, parameters: dict[str, Any]) -> bool:
        self._scope(parameters).pop(language(parameters), None)
        return True

    def _scope(self, parameters: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
        """The command lists of a scope, by language."""
        scope = parsed(parameters.get("scope", '{"type": "default"}'))
        if not isinstance(scope, dict) or scope.get("type") not in ("default", "chat", "all_group_chats"):
            raise bad("can't parse BotCommandScope: unsupported type specified")
        if scope["type"] == "default":
            return self.commands
        if scope["type"] == "all_group_chats":
            return self.group_commands
        chat_id = int(scope.get("chat_id") or 0)
        if chat_id not in self.chats:
            raise bad("chat not found", is_fault=False)
        return self.own_commands.setdefault(chat_id, {})

    def _setchatmenubutton(self, parameters: dict[str, Any]) -> bool:
        button = parsed(parameters.get("menu_button", '{"type": "default"}'))
        if button.get("type") == "web_app":
            if not str(button.get("text", "")).strip() or not str(button["web_app"]["url"]).startswith("https://"):
                raise bad("BUTTON_URL_INVALID")
        elif button.get("type") not in ("default", "commands"):
            raise bad("MenuButton has unsupported type")
        chat_id = integer(parameters, "chat_id")
        if chat_id and chat_id not in self.chats:
            raise bad("chat not found", is_fault=False)
        self.menu_buttons[chat_id] = button
        return True

    def _getchatmenubutton(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self.menu_buttons.get(integer(parameters, "chat_id"), {"type": "commands"})

    def _set_text(self, name: str, limit: int, parameters: dict[str, Any]) -> bool:
        text = str(parameters.get(name, ""))
        if len(text) > limit:
            raise bad(f"{name} is too long")
        self.profile[name, language(parameters)] = text
        return True

    def _text(self, name: str, parameters: dict[str, Any]) -> dict[str, str]:
        default = self.profile.get((name, ""), "Passerelle" if name == "name" else "")
        return {name: self.profile.get((name, language(parameters)), default)}

    def _setmyname(self, parameters: dict[str, Any]) -> bool:
        return self._set_text("name", 64, parameters)

    def _getmyname(self, parameters: dict[str, Any]) -> dict[str, str]:
        return self._text("name", parameters)

    def _setmydescription(self, parameters: dict[str, Any]) -> bool:
        return self._set_text("description", 512, parameters)

    def _getmydescription(self, parameters: dict[str, Any]) -> dict[str, str]:
        return self._text("description", parameters)

    def _setmyshortdescription(self, parameters: dict[str, Any]) -> bool:
        return self._set_text("short_description", 120, parameters)

    def _getmyshortdescription(self, parameters: dict[str, Any]) -> dict[str, str]:
        return self._text("short_description", parameters)

"""What each method of the Bot API does with its arguments: the limits and error texts of Telegram's server."""

import json
import re
import time
from typing import Any

from tests.doubles.telegram_html import CannotParse, is_link, parse, units
from tests.doubles.telegram_profile import Profile
from tests.doubles.telegram_values import Chat, Refused, Seen, Shown, bad, integer, parsed

TEXT_LIMIT, ENTITY_LIMIT, CAPTION_LIMIT = 4096, 100, 1024
BUTTON_LIMIT, ROW_LIMIT, MARKUP_BYTES, CALLBACK_BYTES = 100, 8, 10_240, 64
DELETABLE_SECONDS = 48 * 3600
ANSWER_LIMIT, DOCUMENT_BYTES = 200, 50 * 1024 * 1024
QUERY_SECONDS = 15.0
INLINE_RESULTS = 50
START = re.compile(r"[A-Za-z0-9_-]{1,64}")
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
SEND = {"chat_id", "reply_markup", "disable_notification", "protect_content", "message_thread_id", "reply_parameters"}
PARAMETERS = {
    "getme": set[str](),
    "getupdates": {"offset", "limit", "timeout", "allowed_updates"},
    "setwebhook": {"url", "secret_token", "allowed_updates", "max_connections", "drop_pending_updates", "ip_address"},
    "deletewebhook": {"drop_pending_updates"},
    "getwebhookinfo": set[str](),
    "sendmessage": SEND | {"text", "parse_mode", "entities", "link_preview_options"},
    "editmessagetext": {
        "chat_id", "message_id", "text", "parse_mode", "entities", "link_preview_options", "reply_markup",
    },
    "deletemessage": {"chat_id", "message_id"},
    "sendvenue": SEND | {"latitude", "longitude", "title", "address"},
    "sendlocation": SEND | {"latitude", "longitude", "horizontal_accuracy"},
    "senddocument": SEND | {"document", "caption", "parse_mode", "disable_content_type_detection"},
    "sendchataction": {"chat_id", "action"},
    "answercallbackquery": {"callback_query_id", "text", "show_alert", "url", "cache_time"},
    "setmycommands": {"commands", "scope", "language_code"},
    "getmycommands": {"scope", "language_code"},
    "deletemycommands": {"scope", "language_code"},
    "setchatmenubutton": {"chat_id", "menu_button"},
    "getchatmenubutton": {"chat_id"},
    "answerinlinequery": {"inline_query_id", "results", "cache_time", "is_personal", "next_offset", "button"},
    "setmyname": {"name", "language_code"},
    "getmyname": {"language_code"},
    "setmydescription": {"description", "language_code"},
    "getmydescription": {"language_code"},
    "setmyshortdescription": {"short_description", "language_code"},
    "getmyshortdescription": {"language_code"},
}  # fmt: skip
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


class Methods(Profile):
    """Messages. Method names are in lower case, as the server reads them."""

    def _sendmessage(self, parameters: dict[str, Any]) -> dict[str, Any]:
        text, entities = self._formatted(parameters, "message is too long")
        chat, markup, rows = self._addressed(parameters)
        options = parsed(parameters.get("link_preview_options", "{}"))
        return self._send(
            "sendmessage",
            chat,
            Seen(0, 0, text, entities, rows, preview=not options.get("is_disabled"), markup=markup),
        )

    def _editmessagetext(self, parameters: dict[str, Any]) -> dict[str, Any]:
        text, entities = self._formatted(parameters, "MESSAGE_TOO_LONG")
        chat, markup, rows = self._addressed(parameters)
        message_id = integer(parameters, "message_id")
        if not message_id:
            raise bad("message identifier is not specified")
        seen = chat.messages.get(message_id)
        if seen is None:
            raise bad("message to edit not found", is_fault=False)
        if seen.is_frozen:
            raise bad("message can't be edited", is_fault=False)
        if not seen.text:
            raise bad("there is no text in the message to edit", is_fault=False)
        if (seen.text, seen.entities, seen.markup) == (text, entities, markup):
            raise bad(NOT_MODIFIED, is_fault=False)
        seen.text, seen.entities, seen.rows, seen.markup = text, entities, rows, markup
        seen.edited += 1
        self._changed("editmessagetext", chat, seen)
        return {**self._as_message(chat, seen), "edit_date": int(self.now())}

    def _deletemessage(self, parameters: dict[str, Any]) -> bool:
        chat, _, _ = self._addressed(parameters)
        message_id = integer(parameters, "message_id")
        if not message_id:
            raise bad("message identifier is not specified")
        seen = chat.messages.get(message_id)
        if seen is None:
            raise bad("message to delete not found", is_fault=False)
        if self.now() - seen.sent_at > DELETABLE_SECONDS:
            raise bad("message can't be deleted for everyone", is_fault=False)
        del chat.messages[message_id]
        self._change += 1
        return True

    def _sendvenue(self, parameters: dict[str, Any]) -> dict[str, Any]:
        point = _point(parameters)
        title, address = (str(parameters.get(name, "")).strip() for name in ("title", "address"))
        if not title:
            raise bad("venue title must be non-empty")
        if not address:
            raise bad("venue address must be non-empty")
        chat, markup, rows = self._addressed(parameters)
        venue = {"location": point, "title": title, "address": address}
        return self._send("sendvenue", chat, Seen(0, 0, rows=rows, venue=venue, location=point, markup=markup))

    def _sendlocation(self, parameters: dict[str, Any]) -> dict[str, Any]:
        point = _point(parameters)
        chat, markup, rows = self._addressed(parameters)
        return self._send("sendlocation", chat, Seen(0, 0, rows=rows, location=point, markup=markup))

    def _senddocument(self, parameters: dict[str, Any]) -> dict[str, Any]:
        document = parameters.get("document")
        if isinstance(document, str) and document.startswith("attach://"):
            document = parameters.get(document.removeprefix("attach://"))
        if not isinstance(document, tuple):
            raise bad("there is no document in the request")
        if not document[2]:
            raise bad("file must be non-empty")
        if len(document[2]) > DOCUMENT_BYTES:
            raise Refused(413, "Request Entity Too Large", is_fault=True)
        if units(str(parameters.get("caption", ""))) > CAPTION_LIMIT:
            raise bad("message caption is too long")
        chat, markup, rows = self._addressed(parameters)
        return self._send("senddocument", chat, Seen(0, 0, rows=rows, document=document, markup=markup))

    def _sendchataction(self, parameters: dict[str, Any]) -> bool:
        if parameters.get("action") not in ACTIONS:
            raise bad("wrong parameter action in request")
        self._addressed(parameters)
        return True

    def _answercallbackquery(self, parameters: dict[str, Any]) -> bool:
        query = str(parameters.get("callback_query_id", ""))
        update, made = self._queries.get(query, (0, 0.0))
        if not update:
            raise bad(TOO_OLD)
        if units(str(parameters.get("text", ""))) > ANSWER_LIMIT:
            raise bad("MESSAGE_TOO_LONG")
        self._query_answers[query] += 1
        # Whoever gets an update twice may answer its press twice: a kill in between cannot know better.
        if self._query_answers[query] > max(1, self.delivered[update]):
            raise bad(TOO_OLD)
        if time.monotonic() - made > QUERY_SECONDS or self._query_answers[query] > 1:
            raise bad(TOO_OLD, is_fault=False)
        self.answered.append(query)
        return True

    def _answerinlinequery(self, parameters: dict[str, Any]) -> bool:
        query = str(parameters.get("inline_query_id", ""))
        if query not in self.inline:
            raise bad(TOO_OLD)
        results = parsed(parameters.get("results", "[]"))
        if not isinstance(results, list) or len(results) > INLINE_RESULTS:
            raise bad("RESULTS_TOO_MUCH")
        ids = [str(one.get("id", "")) for one in results]
        if len(set(ids)) < len(ids) or any(not 1 <= len(id_.encode()) <= 64 for id_ in ids):
            raise bad("RESULT_ID_INVALID")
        for one in results:
            if one.get("type") != "article" or not str(one.get("title", "")).strip():
                raise bad("can't parse inline query result")
            self._formatted(
                {**one["input_message_content"], "text": one["input_message_content"].get("message_text", "")},
                "MESSAGE_TOO_LONG",
            )
            _keyboard(one.get("reply_markup"))
        button = parsed(parameters.get("button", "{}"))
        if button and not START.fullmatch(str(button.get("start_parameter", ""))):
            raise bad("START_PARAM_INVALID")
        self.inline[query] = results
        self.inline_buttons[query] = button
        return True

    def _formatted(self, parameters: dict[str, Any], too_long: str) -> tuple[str, list[dict[str, Any]]]:
        text = str(parameters.get("text", ""))
        mode = str(parameters.get("parse_mode", "")).lower()
        entities: list[dict[str, Any]] = []
        if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
            raise bad("strings must be encoded in UTF-8")
        if mode == "html":
            try:
                text, entities = parse(text)
            except CannotParse as error:
                raise bad(f"can't parse entities: {error}") from None
        elif mode:
            raise bad("unsupported parse_mode")
        stripped = text.strip(" \t\r\n")
        if not stripped:
            raise bad("message text is empty")
        if units(stripped) > TEXT_LIMIT:
            raise bad(too_long)
        if len(entities) > ENTITY_LIMIT:
            self.faults.append(f"{len(entities)} entities: all after number {ENTITY_LIMIT} are ignored")
            entities = entities[:ENTITY_LIMIT]
        lead = units(text[: len(text) - len(text.lstrip(" \t\r\n"))])
        return stripped, [{**one, "offset": max(0, one["offset"] - lead)} for one in entities]

    def _addressed(self, parameters: dict[str, Any]) -> tuple[Chat, Any, list[list[Shown]]]:
        """The chat that may be written to, and the keyboard."""
        if not str(parameters.get("chat_id", "")):
            raise bad("chat_id is empty")
        markup = parsed(parameters["reply_markup"]) if "reply_markup" in parameters else None
        rows = _keyboard(markup)
        chat_id = integer(parameters, "chat_id")
        if chat_id in self.moved:
            raise Refused(
                400,
                "group chat was upgraded to a supergroup chat",
                parameters={"migrate_to_chat_id": self.moved[chat_id]},
            )
        chat = self.chats.get(chat_id)
        if chat is None:
            raise bad("chat not found")
        if chat.is_deactivated:
            raise Refused(403, "user is deactivated")
        if chat.is_blocked:
            where = "bot was kicked from the supergroup chat" if chat.is_group else "bot was blocked by the user"
            raise Refused(403, where)
        return chat, markup, rows

    def _send(self, method: str, chat: Chat, seen: Seen) -> dict[str, Any]:
        self._message_id += 1
        seen.message_id, seen.chat_id, seen.sent_at = self._message_id, chat.chat_id, self.now()
        chat.messages[seen.message_id] = seen
        self._changed(method, chat, seen)
        return self._as_message(chat, seen)

    def now(self) -> float:
        return time.time() + self.later_seconds

    def _notify(self) -> None:
        for watcher in self._watchers:
            watcher.set()

    def _changed(self, method: str, chat: Chat, seen: Seen) -> None:
        self._change += 1
        seen.change = self._change
        self.log.append((time.monotonic(), method, chat.chat_id))

    def _as_message(self, chat: Chat, seen: Seen) -> dict[str, Any]:
        message: dict[str, Any] = {
            "message_id": seen.message_id,
            "from": self._me(),
            "chat": chat.as_chat(),
            "date": int(seen.sent_at),
        }
        if seen.text:
            message["text"] = seen.text
        if seen.entities:
            message["entities"] = seen.entities
        if seen.markup:
            message["reply_markup"] = seen.markup
        if seen.venue:
            message["venue"] = seen.venue
        if seen.location:
            message["location"] = seen.location
        if seen.document:
            name, kind, content = seen.document
            file = {"file_id": f"d{seen.message_id}", "file_unique_id": f"u{seen.message_id}"}
            message["document"] = {**file, "file_name": name, "mime_type": kind, "file_size": len(content)}
        return message


def _keyboard(markup: Any) -> list[list[Shown]]:
    if markup is None:
        return []
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" not in markup:
        return []
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array of Arrays')
    shown = [[_button(button) for button in row] for row in rows if row]
    is_large = len(json.dumps(markup, ensure_ascii=False).encode()) > MARKUP_BYTES
    if sum(map(len, shown)) > BUTTON_LIMIT or any(len(row) > ROW_LIMIT for row in shown) or is_large:
        raise bad("reply markup is too long")
    return shown


def _button(button: Any) -> Shown:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    label = button.get("text")
    if not isinstance(label, str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not label.strip():
        raise bad("can't parse inline keyboard button: Button text must be non-empty")
    if "url" in button:
        if not is_link(str(button["url"])):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        return Shown(label, url=str(button["url"]))
    if "callback_data" not in button:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button["callback_data"]
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= CALLBACK_BYTES:
        raise bad("BUTTON_DATA_INVALID")
    return Shown(label, data=data)


def _point(parameters: dict[str, Any]) -> dict[str, float]:
    try:
        lat, lon = float(parameters["latitude"]), float(parameters["longitude"])
    except (KeyError, ValueError):
        raise bad("latitude is empty") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise bad("wrong latitude or longitude specified")
    return {"latitude": lat, "longitude": lon}

"""WeChat's framing as its side writes it."""

import hashlib


def signed(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def written(fields: dict[str, str]) -> str:
    return "<xml>" + "".join(f"<{name}>{_held(name, value)}</{name}>" for name, value in fields.items()) + "</xml>"


def _held(name: str, value: str) -> str:
    if name in ("CreateTime", "MsgId", "Location_X", "Location_Y"):
        return value
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"

"""WeChat's XML: one flat element in, one message out. No entity and no document type is ever read."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.wechat.crypto import Refused

CONTROL = bytes(n for n in range(32) if n not in b"\t\n\r")  # what people can type and no XML may hold
UNHELD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # what no XML may hold


def parse(body: bytes) -> dict[str, str]:
    """The text of each element right under the root, by its name. Raises Refused."""
    try:
        root = fromstring(body.translate(None, CONTROL), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:  # the last: of an unknown encoding
        raise Refused(400, "the body is not WeChat's XML") from error
    return {child.tag: child.text or "" for child in root}


def write(fields: Mapping[str, str | int]) -> str:
    """`<xml>` with these fields; numbers as they are, strings in CDATA."""
    written = "".join(
        f"<{name}>{value}</{name}>" if isinstance(value, int) else f"<{name}><![CDATA[{_held(value)}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{written}</xml>"


def _held(value: str) -> str:
    return UNHELD.sub("", value).replace("]]>", "]]]]><![CDATA[>")

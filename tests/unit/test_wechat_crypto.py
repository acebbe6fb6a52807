"""Signing and sealing agree with an implementation that is not ours."""

import random
import string
from xml.etree import ElementTree

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot.channels.wechat import xml
from bot.channels.wechat.crypto import Envelope, Refused, check, open_with, signature

ALPHABET = string.ascii_letters + string.digits + "，。！？中文分论坛三é’ <>&]]>\"'\n😀​"


def agree(count: int, seed: int) -> None:
    """`count` random messages are signed alike, and opened by each as the other sealed them."""
    chance = random.Random(seed)
    for _ in range(count):
        key = "".join(chance.choices(string.ascii_letters + string.digits, k=43))
        token, app_id, nonce, at = (
            "".join(chance.choices(string.ascii_letters + string.digits, k=n))
            for n in (chance.randint(3, 32), 18, 10, 10)
        )
        message = "".join(chance.choices(ALPHABET, k=chance.randint(0, 300)))
        signer = WeChatSigner()
        signer.add_data(token, at, nonce)
        assert signature(token, at, nonce) == signer.signature
        theirs, ours = WeChatCrypto(token, key, app_id), Envelope(key, app_id)
        sealed = ElementTree.fromstring(theirs.encrypt_message(message, nonce, at))
        check(sealed.findtext("MsgSignature") or "", token, at, nonce, sealed.findtext("Encrypt") or "")
        assert ours.open(sealed.findtext("Encrypt") or "").decode() == message
        mine = ours.seal(message)
        written = xml.write({"Encrypt": mine})
        opened = theirs.decrypt_message(written, signature(token, at, nonce, mine), at, nonce)
        assert (opened.decode() if isinstance(opened, bytes) else opened) == message
        assert xml.parse(xml.write({"Content": message})[:].encode())["Content"] == message


def test_three_hundred_random_messages_agree_both_ways() -> None:
    agree(300, seed=1)


@pytest.mark.soak
def test_ten_thousand_random_messages_agree_both_ways() -> None:
    agree(10_000, seed=2)


@pytest.mark.parametrize("length", range(70))
def test_every_length_of_padding_comes_back(length: int) -> None:
    envelope = Envelope("a" * 43, "wx1")
    assert envelope.open(envelope.seal("x" * length)) == b"x" * length


def test_a_key_that_was_changed_still_opens_and_another_never() -> None:
    old, new, other = (Envelope(letter * 43, "wx1") for letter in "abc")
    assert open_with([new, old], old.seal("你好")) == ("你好".encode(), old)
    with pytest.raises(Refused) as refused:
        open_with([new, old], other.seal("你好"))
    assert refused.value.status in (400, 403)
    with pytest.raises(ValueError, match="43"):
        Envelope("short", "wx1")

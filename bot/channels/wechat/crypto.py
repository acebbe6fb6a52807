"""WeChat's signature and its safe mode: SHA-1 of sorted strings, AES-256-CBC with blocks of 32 bytes (platform rules).

The cipher itself is `cryptography`'s; here is only how WeChat frames what goes into it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

PAD_BITS = 256  # to 32 bytes, not to the cipher's own 16
RANDOM_BYTES = 16
LENGTH_BYTES = 4


class Refused(Exception):
    """A request that WeChat would not make. status: what it is answered; the sentence holds nothing of what it held."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def signature(*parts: str) -> str:
    """The SHA-1, in hex, of the parts (our token among them), sorted and joined."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def check(given: str, *parts: str) -> None:
    """Raises Refused where `given` is not the signature of the parts; compared in constant time."""
    if not hmac.compare_digest(signature(*parts).encode(), given.encode(errors="replace")):
        raise Refused(403, "the signature is not WeChat's")


class Envelope:
    """Seals and opens messages with one EncodingAESKey."""

    def __init__(self, key: str, app_id: str) -> None:
        """key: 43 letters and digits. Raises ValueError where that is no key."""
        try:
            self._key = base64.b64decode(key + "=")
        except binascii.Error:
            self._key = b""
        if len(self._key) != 32:
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        self._app_id = app_id.encode()

    def seal(self, text: str) -> str:
        content = text.encode()
        framed = secrets.token_bytes(RANDOM_BYTES) + len(content).to_bytes(LENGTH_BYTES, "big") + content + self._app_id
        padder = PKCS7(PAD_BITS).padder()
        cipher = self._cipher().encryptor()
        sealed = cipher.update(padder.update(framed) + padder.finalize()) + cipher.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> bytes:
        """What was sealed for our AppID. Raises Refused."""
        try:
            raw = base64.b64decode("".join(sealed.split()), validate=True)
            cipher = self._cipher().decryptor()
            unpadder = PKCS7(PAD_BITS).unpadder()
            framed = unpadder.update(cipher.update(raw) + cipher.finalize()) + unpadder.finalize()
        except ValueError as error:  # no base64, no whole blocks, or padding of another key
            raise Refused(400, "the message cannot be decrypted") from error
        begin = RANDOM_BYTES + LENGTH_BYTES
        end = begin + int.from_bytes(framed[RANDOM_BYTES:begin], "big")
        if len(framed) < begin or end > len(framed):
            raise Refused(400, "the message cannot be decrypted")
        if not hmac.compare_digest(framed[end:], self._app_id):
            raise Refused(403, "the message is for another AppID")
        return framed[begin:end]

    def _cipher(self) -> "Cipher[modes.CBC]":
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def open_with(envelopes: Sequence[Envelope], sealed: str) -> tuple[bytes, Envelope]:
    """What was sealed, and the envelope that opened it: the key may have been changed a moment ago. Raises Refused."""
    refusal: Refused | None = None
    for envelope in envelopes:
        try:
            return envelope.open(sealed), envelope
        except Refused as error:
            refusal = refusal or error
    assert refusal is not None, "there is a key"
    raise refusal

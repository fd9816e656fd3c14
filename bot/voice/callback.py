"""The addresses we give to the voice service: each proves itself and names its attempt.

`<kid>.<token>.<mac>` (fault-catalogue 3.4): `kid` names the key, `token` is the attempt's 16
random bytes, `mac` the first 16 bytes of HMAC-SHA256(key, "cb|" + kid + "|" + token); both in
base64url without padding. The MAC covers only what stands in the address, so junk is turned
away before anything is looked up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote

from bot.domain.errors import UntrustedWebhook

TOKEN_BYTES = 16
MAC_BYTES = 16
MIN_KEY_BYTES = 16

_KID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_PARTS = 3


class CallbackAddresses:
    """Mints and reads the addresses under `public_url`.

    `keys` maps key ids to keys: all of them are read, the current one signs. Old keys stay for
    at least seven days, since calls that are out still use their addresses.
    """

    def __init__(
        self, *, public_url: str | None, keys: Mapping[str, bytes], current_kid: str
    ) -> None:
        """`public_url` None: nobody can reach us, no address is ever given out."""
        if current_kid not in keys:
            message = "the current key must be one of the keys"
            raise ValueError(message)
        for kid, key in keys.items():
            if not _KID.fullmatch(kid) or len(key) < MIN_KEY_BYTES:
                message = f"a callback key needs a plain id and {MIN_KEY_BYTES} bytes or more"
                raise ValueError(message)
        self._base = public_url.rstrip("/") if public_url else None
        self._keys = dict(keys)
        self._current_kid = current_kid
        # A key nobody has: an unknown kid costs as much time as a known one.
        self._nobody = secrets.token_bytes(32)
        self._longest = max(len(self._spell(kid, bytes(TOKEN_BYTES))) for kid in keys)

    def events_url(self, token: bytes) -> str | None:
        """The `callback_url` of a request."""
        if self._base is None:
            return None
        return f"{self._base}/voice/events/{self._spell(self._current_kid, token)}"

    def key_url(self, token: bytes, digit: str) -> str | None:
        """The URL of a keypad action; `#` and `*` are escaped."""
        if self._base is None:
            return None
        spelt = self._spell(self._current_kid, token)
        return f"{self._base}/voice/keys/{spelt}/{quote(digit, safe='')}"

    def read(self, text: str) -> bytes:
        """The token in the address part `text`; raises UntrustedWebhook if it is not ours.

        Only the one spelling that we gave out is accepted.
        """
        if len(text) > self._longest or not text.isascii():
            raise UntrustedWebhook
        parts = text.split(".")
        kid, token = (parts[0], _decode(parts[1])) if len(parts) == _PARTS else ("", _NO_TOKEN)
        if not hmac.compare_digest(self._spell(kid, token), text):
            raise UntrustedWebhook
        return token

    def _spell(self, kid: str, token: bytes) -> str:
        key = self._keys.get(kid, self._nobody)
        mac = hmac.digest(key, b"cb|" + kid.encode() + b"|" + token, hashlib.sha256)
        return f"{kid}.{_encode(token)}.{_encode(mac[:MAC_BYTES])}"


_NO_TOKEN = bytes(TOKEN_BYTES)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    """The token; of junk a token that will not match, so that it takes as long."""
    try:
        token = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return _NO_TOKEN
    return token if len(token) == TOKEN_BYTES else _NO_TOKEN

"""The tokens by which two platforms know each other: made, hashed, sealed, read and written in headers."""

import base64
import binascii
import hashlib
import re
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

RANDOM_BYTES = 48  # 64 characters, all that a token may have (CRED-02)
PRINTABLE = re.compile(r"[\x21-\x7e]{1,64}")
HEADER = re.compile(r"token ([\x21-\x7e]{1,256})", re.ASCII | re.IGNORECASE)
SALT = b"ocpi-hub: tokens of partners"


class Unsealable(Exception):
    """A partner's token was sealed with another key; write that one behind HUB_SECRET_KEY, after a comma."""


def new() -> str:
    """A token nobody can guess; it never looks like an option of a command line."""
    while (token := secrets.token_urlsafe(RANDOM_BYTES)).startswith("-"):
        pass
    return token


def hashed(token: bytes) -> bytes:
    """What the store keeps of a token that opens the hub: enough to recognise it, too little to use it."""
    return hashlib.sha256(token).digest()


def read_authorization(header: str | None) -> tuple[bytes, ...]:
    """The tokens that the header may mean, none when it is not one of OCPI (TR-02, TR-10).

    Partners of every version send tokens plain or in Base64, and some encode a newline too (TR-05, TR-06).
    """
    found = HEADER.fullmatch(header or "")
    if found is None:
        return ()
    plain = found[1].encode("ascii")
    decoded = from_base64(plain)
    return (plain, decoded) if decoded else (plain,)


def from_base64(text: bytes) -> bytes:
    """The decoded token without a newline at its end; empty if it is not Base64. Padding may be missing."""
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True).rstrip(b"\r\n")
    except binascii.Error:
        return b""


def write_authorization(token: str, *, raw: bool) -> str:
    """The header by which a partner knows the hub (TR-03, TR-04)."""
    return f"Token {token if raw else base64.b64encode(token.encode('ascii')).decode('ascii')}"


class Vault:
    """Seals the tokens that open partners' platforms, so that a copy of the database opens none.

    passphrases  divided by commas: the first seals, every one unseals, so that a key can be replaced
    """

    def __init__(self, passphrases: str) -> None:
        self._fernet = MultiFernet([Fernet(key_of(phrase.strip())) for phrase in passphrases.split(",")])

    def seal(self, token: str) -> bytes:
        return self._fernet.encrypt(token.encode("ascii"))

    def unseal(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode("ascii")
        except InvalidToken:
            raise Unsealable((Unsealable.__doc__ or "").strip()) from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same token under the first passphrase."""
        return self.seal(self.unseal(sealed))


def key_of(passphrase: str) -> bytes:
    """Any passphrase becomes a key, at a price for whoever tries many."""
    derived = hashlib.scrypt(passphrase.encode(), salt=SALT, n=2**14, r=8, p=1, dklen=32)
    return base64.urlsafe_b64encode(derived)


@lru_cache(maxsize=8)
def vault(passphrases: str) -> Vault:
    """The vault of a secret key; deriving it takes some 50 ms, so a process does it once."""
    return Vault(passphrases)

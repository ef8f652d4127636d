"""What a meter has signed: OCMF texts read, and their signatures verified.

An OCMF text is `OCMF|payload|signature`, both JSON; what is signed are the bytes of the payload as they are.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.ocpi.errors import OcpiError

ENCODINGS = frozenset({"ocmf", "ocmf (base64)", "ocmf-base64"})
UNITS: Mapping[str, Decimal] = {"kwh": Decimal(1), "wh": Decimal("0.001"), "mwh": Decimal(1000)}
CURVES = frozenset({"secp192r1", "secp256r1", "secp256k1", "secp384r1", "brainpoolp256r1", "brainpoolp384r1"})
OF_A_READING = ("TM", "TX", "ST", "EF", "RU", "RV")
GOOD = "G"
DEFAULT_ALGORITHM = "ECDSA-secp256r1-SHA256"


class Unreadable(ValueError):
    """What was signed is not what its encoding says."""


@dataclass(frozen=True, slots=True)
class Value:
    """One reading of the meter: `at` as it wrote it, `value` in kWh, `state` G when all was well."""

    at: str
    kind: str
    value: Decimal
    state: str
    errors: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One signed text: the meter's number, its values, and what is needed to verify it."""

    meter: str
    values: tuple[Value, ...]
    payload: bytes
    signature: bytes
    algorithm: str

    @property
    def faults(self) -> list[str]:
        """What the meter itself says was wrong."""
        odd = [each for each in self.values if each.state != GOOD or each.errors]
        return [f"the reading of {each.at} has state {each.state} {each.errors}".strip() for each in odd]

    def verifies(self, public_key: str) -> bool:
        """Whether this key signed it; the key is DER, in hexadecimal or Base64."""
        if self.algorithm.split("-")[1:2] and self.algorithm.split("-")[1].lower() not in CURVES:
            return False
        key = loaded(public_key)
        if key is None:
            return False
        try:
            key.verify(self.signature, self.payload, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, UnsupportedAlgorithm):
            return False
        return True


@lru_cache(maxsize=1024)
def loaded(public_key: str) -> ec.EllipticCurvePublicKey | None:
    """None when it is no key on an elliptic curve."""
    der = bytes_of(public_key)
    if der is None:
        return None
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def read(encoding: str, text: str) -> "Reading | Unreadable | None":
    """A signed text; None when the hub does not read the encoding, Unreadable when the text breaks it."""
    if encoding.lower() not in ENCODINGS:
        return None
    try:
        return ocmf(plain(text))
    except (Unreadable, OcpiError) as fault:
        return Unreadable(str(fault))


def plain(text: str) -> str:
    """The OCMF text itself, which is often told in Base64."""
    if text.startswith("OCMF|"):
        return text
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:  # no Base64, or not of ASCII, or what it stands for is no UTF-8
        raise Unreadable("it is neither OCMF nor OCMF in Base64") from None


def ocmf(text: str) -> Reading:
    parts = text.split("|")
    if len(parts) != 3 or parts[0] != "OCMF":
        raise Unreadable("it is not OCMF, a payload and a signature")
    payload, signature = (object_of(part) for part in parts[1:])
    signed = bytes_of(str(signature.get("SD") or ""))
    if not signed:
        raise Unreadable("it has no signature")
    told = payload.get("RD")
    if not isinstance(told, list) or not told:
        raise Unreadable("it has no reading")
    values: list[Value] = []
    last: Json = {}
    for each in told:
        if not isinstance(each, dict):
            raise Unreadable("a reading is no object")
        told_here = {name: each[name] for name in OF_A_READING if name in each}
        last = last | told_here  # what a reading leaves out is as in the one before
        values.append(value(last))
    algorithm = str(signature.get("SA") or DEFAULT_ALGORITHM)
    return Reading(str(payload.get("MS") or ""), tuple(values), parts[1].encode(), signed, algorithm)


def object_of(text: str) -> Json:
    found = strictjson.read(text.encode())
    if not isinstance(found, dict):
        raise Unreadable("a part of it is no JSON object")
    return found


def value(told: Mapping[str, Any]) -> Value:
    unit = UNITS.get(str(told.get("RU") or "kWh").lower())
    number = told.get("RV")
    if unit is None or isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise Unreadable("a reading is no amount of energy")
    kinds = (str(told.get(name) or "") for name in ("TM", "TX", "ST", "EF"))
    at, kind, state, errors = kinds
    return Value(at, kind, Decimal(number) * unit, state or GOOD, errors)


def fingerprint(public_key: str) -> str:
    """SHA-256 of a key, whatever way it is written."""
    return hashlib.sha256(bytes_of(public_key) or public_key.encode()).hexdigest()


def bytes_of(text: str) -> bytes | None:
    """Of hexadecimal digits or Base64."""
    compact = "".join(text.split())
    try:
        return bytes.fromhex(compact)
    except ValueError:
        pass
    try:
        return base64.b64decode(compact, validate=True)
    except ValueError:
        return None

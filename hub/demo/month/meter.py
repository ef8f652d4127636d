"""What a calibrated meter signs at the beginning and at the end of a charge: OCMF, always the same text."""

import hashlib
from base64 import b64encode
from datetime import datetime
from decimal import Decimal
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.demo.wire import Json, write

ORDER = 2**255


@cache
def key_of(meter: str) -> ec.EllipticCurvePrivateKey:
    """Made from its name, and so as public as the name: for a demo alone."""
    digest = hashlib.sha256(meter.encode()).digest()
    return ec.derive_private_key(int.from_bytes(digest) % ORDER + 1, ec.SECP256R1())


def public_key(meter: str) -> str:
    key = key_of(meter).public_key()
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed_data(meter: str, readings: list[tuple[datetime, Decimal]], key: str | None = None) -> Json:
    """As a CDR carries it; `key` names another key than the meter's own."""
    text = ocmf(meter, readings, key or meter)
    value = {"nature": "End", "plain_data": f"{readings[-1][1]} kWh", "signed_data": text}
    return {"encoding_method": "OCMF", "public_key": public_key(key or meter), "signed_values": [value]}


def ocmf(meter: str, readings: list[tuple[datetime, Decimal]], key: str) -> str:
    told = [
        {"TM": f"{at:%Y-%m-%dT%H:%M:%S},000+0000 S", "TX": kind, "RV": value, "RU": "kWh", "ST": "G"}
        for (at, value), kind in zip(readings, "BE", strict=True)
    ]
    payload = write({"FV": "1.0", "PG": "T1", "MS": meter, "RD": told})
    how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    signature = write({"SD": key_of(key).sign(payload, how).hex()})
    return f"OCMF|{payload.decode()}|{signature.decode()}"

"""What may not stand in a log, and what stands there instead (threats 29 and 30)."""

import re
from typing import Any

GONE = "..."
LONGEST = 2000
"""Characters of one value: no whole document goes into a log."""

SECRET_KEYS = frozenset({"authorization", "token", "secret", "password", "cookie", "credentials"})
PERSONAL_KEYS = frozenset({"contract_id", "uid", "token_uid", "auth_id", "visual_number"})

OPAQUE = r"[A-Za-z0-9_+=-]"
SCHEME = re.compile(r"\b(Token|Bearer|Basic)\s+(?=[^\s]{8})[^\s,;'\"]+", re.IGNORECASE)
NAMED = re.compile(
    r"(\b(?:token|secret|password|authorization|api_?key)['\"]?\s*[=:]\s*['\"]?)[^\s,;'\"&}]+", re.IGNORECASE
)
USER_OF_URL = re.compile(r"(?<=://)[^/@\s]*@")
RANDOM = re.compile(
    rf"(?<!{OPAQUE})(?={OPAQUE}*[0-9])(?={OPAQUE}*[a-z])(?={OPAQUE}*[A-Z]){OPAQUE}{{40,}}(?!{OPAQUE})"
)
PARAMETERS = re.compile(r"\[parameters: .*", re.DOTALL)
DETAIL = re.compile(r"DETAIL: .*")
CONTRACT = re.compile(r"\b[A-Z]{2}[-*]?[A-Z0-9]{3}[-*]?C[A-Z0-9]{4,8}(?<!-)[A-Z0-9]*(?:-?[A-Z0-9])?\b")


def clean(text: str) -> str:
    """A text without what is a token by the words around it or by its looks, without the values of a
    statement that failed, and with contract ids masked: for messages and tracebacks, whoever wrote them."""
    text = PARAMETERS.sub(f"[parameters: {GONE}]", text)
    text = DETAIL.sub(f"DETAIL: {GONE}", text)
    text = SCHEME.sub(rf"\1 {GONE}", text)
    text = NAMED.sub(rf"\1{GONE}", text)
    text = USER_OF_URL.sub(f"{GONE}@", text)
    text = RANDOM.sub(GONE, text)
    return CONTRACT.sub(lambda found: masked(found[0]), text)


def masked(identity: str) -> str:
    """An id of a person's contract or card: its last four signs tell two apart, and let nobody charge."""
    return GONE + identity[-4:] if len(identity) > 8 else GONE


def shown(key: str, value: Any) -> Any:
    """A value as it may stand beside its key."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if key in SECRET_KEYS:
        return GONE
    if key in PERSONAL_KEYS:
        return masked(str(value))
    if isinstance(value, list | tuple):
        return [shown(key, each) for each in value]
    return shortened(clean(str(value)), LONGEST)


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}{GONE}"

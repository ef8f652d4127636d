"""What partners say of a delivery is kept and shown, so it must not carry a token of theirs."""

import base64

from hub.sync.sender import without_token

PLAIN = "secret-token-of-a-partner"
ENCODED = base64.b64encode(PLAIN.encode()).decode()


def test_a_token_that_a_partner_repeats_is_not_kept_in_either_form() -> None:
    assert without_token(f"{ENCODED}, that is {PLAIN}: no", f"Token {ENCODED}") == "..., that is ...: no"


def test_a_plain_token_is_not_kept_either() -> None:
    assert without_token(f"{PLAIN}: no", f"Token {PLAIN}") == "...: no"

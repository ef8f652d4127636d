"""Tokens: how they are made, read, written, hashed and sealed."""

import base64
import re

import pytest

from hub.parties import tokens


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_new_token_fills_the_field_and_is_never_an_option():
    """CRED-02"""
    made = {tokens.new() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{63}", token) for token in made)


@pytest.mark.parametrize(
    "header",
    [
        "Token example-token",
        "token example-token",
        "TOKEN example-token",
        f"Token {encoded('example-token')}",
        f"Token {encoded('example-token').rstrip('=')}",
        "Token ZXhhbXBsZS10b2tlbgo=",  # with a newline, as `echo | base64` has it
        f"Token {encoded(chr(13).join(['example-token', chr(10)]))}",
    ],
)
def test_a_token_is_read_plain_and_in_base64_on_every_version(header):
    """TR-05, TR-06, TR-10"""
    assert b"example-token" in tokens.read_authorization(header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Token",
        "Token ",
        "Token  example-token",
        " Token example-token",
        "Token example-token more",
        "Token\texample-token",
        "Bearer example-token",
        "Basic dXNlcjpwYXNz",
        "Token tök",
        "Token \u212a",
        "Toﬀen x",
        "To\u212aen example-token",  # a Kelvin sign is no k
        "Token a\nb",
        f"Token {'x' * 10_240}",
    ],
)
def test_anything_else_is_no_token(header):
    """TR-01, TR-02, threat 1"""
    assert tokens.read_authorization(header) == ()


def test_a_token_is_written_as_the_version_wants_it():
    """TR-03, TR-04, TR-06"""
    assert tokens.write_authorization("example-token", raw=False) == "Token ZXhhbXBsZS10b2tlbg=="
    assert tokens.write_authorization("example-token", raw=True) == "Token example-token"


def test_what_is_sealed_can_be_read_with_its_key_alone():
    sealed = tokens.vault("first key").seal("secret-b")
    assert b"secret-b" not in sealed
    assert tokens.vault("first key").unseal(sealed) == "secret-b"
    with pytest.raises(tokens.Unsealable):
        tokens.vault("another key").unseal(sealed)


def test_a_key_is_replaced_by_writing_the_new_one_before_it():
    old = tokens.vault("old key").seal("secret-b")
    both = tokens.vault("new key, old key")
    assert both.unseal(old) == "secret-b"
    assert tokens.vault("new key").unseal(both.reseal(old)) == "secret-b"

"""The library and a plain second reading of the rules agree on made-up tariffs and sessions."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_interpreter import Json, plain_price
from tariff_strategies import ZONES, session_documents, tariff_documents

import tariffs


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(tariff_documents(limited=True), session_documents(), st.sampled_from(ZONES))
def test_both_readings_come_to_the_same_price(tariff: Json, session: Json, zone: str) -> None:
    net, gross = plain_price(tariff, session, zone)
    quote = tariffs.price(tariffs.read_tariff(tariff), tariffs.read_session(session), zone)
    assert (quote.total.net, quote.total.gross) == (Fraction(net), gross)

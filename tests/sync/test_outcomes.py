"""Every way in which a try can end has its one meaning and its one consequence: the table of delivery."""

import pytest

from hub.net.failures import Unreachable
from hub.sync.outcomes import CONSEQUENCES, DEAD, DONE, DUE, Outcome, Said, of_answer, of_failure
from hub.sync.peer import Reply, Request

PUT, POST, DELETE = Request("PUT", "u"), Request("POST", "u"), Request("DELETE", "u")

ANSWERS = [
    # http, status_code, outcome, state, what it says of the partner
    (200, 1000, Outcome.ACCEPTED, DONE, Said.WELL),
    (201, 1999, Outcome.ACCEPTED, DONE, Said.WELL),
    (200, 2000, Outcome.REFUSED, DEAD, Said.WELL),
    (200, 2999, Outcome.REFUSED, DEAD, Said.WELL),
    (200, 3000, Outcome.FAILED, DUE, Said.STUMBLED),
    (200, 4001, Outcome.FAILED, DUE, Said.STUMBLED),
    (200, 0, Outcome.FAILED, DUE, Said.STUMBLED),
    (200, None, Outcome.FAILED, DUE, Said.STUMBLED),  # no JSON, no envelope, or one with a text for a code
    *((status, 1000, Outcome.FAILED, DUE, Said.STUMBLED) for status in (500, 502, 503, 504, 599)),
    *((status, None, Outcome.FAILED, DUE, Said.STUMBLED) for status in (408, 425, 429, 418, 100)),
    *((status, None, Outcome.REDIRECTED, DUE, Said.STUMBLED) for status in (300, 301, 302, 307, 308)),
    *((status, 2000, Outcome.UNAUTHORISED, DUE, Said.CLOSED) for status in (401, 403)),
    *((status, None, Outcome.MISSING, DUE, Said.WELL) for status in (404, 410)),
    *((status, 2001, Outcome.REFUSED, DEAD, Said.WELL) for status in (400, 405, 409, 413, 415, 422)),
]


@pytest.mark.parametrize(("http", "code", "outcome", "state", "said"), ANSWERS)
def test_an_answer_has_one_meaning(http, code, outcome, state, said):  # TR-20
    assert of_answer(PUT, Reply(http, code), ambiguous=False, before=None) is outcome
    assert (CONSEQUENCES[outcome].state, CONSEQUENCES[outcome].said) == (state, said)


@pytest.mark.parametrize(("sent", "outcome"), [(True, Outcome.UNSURE), (False, Outcome.UNREACHED)])
def test_without_an_answer_it_matters_whether_anything_was_sent(sent, outcome):
    assert of_failure(Unreachable("timeout", "", sent=sent)) is outcome
    assert (CONSEQUENCES[outcome].state, CONSEQUENCES[outcome].said) == (DUE, Said.ILL)


def test_every_outcome_has_its_consequence():
    assert set(CONSEQUENCES) == set(Outcome)


@pytest.mark.parametrize(
    ("request_", "http", "code", "message", "ambiguous", "before", "outcome"),
    [
        # gone, which is what was asked for
        (DELETE, 404, None, "", False, None, Outcome.ACCEPTED),
        (DELETE, 200, 2003, "", False, None, Outcome.ACCEPTED),
        (DELETE, 200, 2001, "", False, None, Outcome.REFUSED),
        # nothing at the place where the partner's version details say that it is
        (PUT, 404, None, "", False, "missing", Outcome.LOST),
        (PUT, 404, None, "", False, "failed", Outcome.MISSING),
        # a CDR that an unanswered try had delivered
        (POST, 200, 2001, "CDR already exists", True, None, Outcome.ASSUMED),
        (POST, 409, 2001, "", True, None, Outcome.ASSUMED),
        (POST, 200, 2001, "CDR already exists", False, None, Outcome.REFUSED),
        (POST, 200, 2001, "no such tariff", True, None, Outcome.REFUSED),
        (PUT, 200, 2001, "already exists", True, None, Outcome.REFUSED),
    ],
)
def test_an_answer_is_read_in_the_light_of_what_was_asked(  # CDR-04
    request_, http, code, message, ambiguous, before, outcome
):
    reply = Reply(http, code, message=message)
    assert of_answer(request_, reply, ambiguous=ambiguous, before=before) is outcome

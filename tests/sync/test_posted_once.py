"""What is new by POST and changes by PUT (IRR-05): which a partner is sent, whatever became of the tries."""

import pytest
from delivering import Post
from factories import example

from hub.ocpi.document import Document, Party
from hub.ocpi.module import Role
from hub.store import documents
from hub.sync import sender
from hub.sync.outcomes import Outcome

MODULE = "invoicereconciliation"
CPO, EMSP = Party("NL", "CPO"), Party("DE", "MSP")


class Records(Post):
    def publish(self, name="R", **more):
        body = example("2.3.0", MODULE, id=name, **more)
        document = Document(MODULE, CPO, name, "2.3.0", body, body)
        with self.hub.store.unit() as unit:
            existing = documents.claim(unit, MODULE, CPO, name)
            return documents.save(unit, document, existing, audience=EMSP, source=None).rev

    def delete(self, name="R"):
        with self.hub.store.unit() as unit:
            documents.remove(unit, documents.claim(unit, MODULE, CPO, name), source=None)

    def method(self, outcome):
        """Of the request that is due; it ends so."""
        (mark,) = self.claim()
        with self.hub.store.reading() as unit:
            request = sender.pack(self.hub, unit, mark).request
        self.end(outcome, mark)
        self.pass_by(3600)
        return request.method


@pytest.fixture
def records(connect):
    connect("NL/CPO", Role.CPO, "2.3.0")
    made = Records(connect("DE/MSP", Role.EMSP, "2.3.0").hub)
    made.publish()
    return made


def test_it_is_posted_until_it_is_there_and_then_put(records):
    assert [records.method(Outcome.FAILED), records.method(Outcome.ACCEPTED)] == ["POST", "POST"]
    records.publish(invoice_id="OTHER")
    assert [records.method(Outcome.FAILED), records.method(Outcome.ACCEPTED)] == ["PUT", "PUT"]
    records.delete()
    assert records.method(Outcome.ACCEPTED) == "DELETE"
    assert records.claim() == []


def test_one_that_may_have_come_is_posted_again_and_put_once_it_has_changed(records):
    """The same again is refused as known already, which counts as done; another content would be lost."""
    assert records.method(Outcome.UNSURE) == "POST"
    assert records.method(Outcome.UNSURE) == "POST"
    records.publish(invoice_id="OTHER")
    assert records.method(Outcome.ACCEPTED) == "PUT"


def test_a_partner_that_has_lost_it_is_sent_it_as_new(records):
    records.method(Outcome.ACCEPTED)
    records.publish(invoice_id="OTHER")
    assert [records.method(Outcome.MISSING), records.method(Outcome.ACCEPTED)] == ["PUT", "POST"]


def test_one_that_is_withdrawn_before_it_was_sent_is_deleted(records):
    records.delete()
    assert records.method(Outcome.ACCEPTED) == "DELETE"

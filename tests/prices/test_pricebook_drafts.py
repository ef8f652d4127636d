"""What is said of a draft before it is published: nothing is written, and publishing says the same."""

from decimal import Decimal
from typing import Any

import pytest
from factories import example
from pricebooks import ANN, BEGINNING, OWNER, SECOND, Book, price_of, tariff
from sqlalchemy import update

from hub.ocpi.document import Json, Party
from hub.ocpi.module import Role
from hub.parties import registry
from hub.parties.partner import PartnerSettings
from hub.prices.book import comparing, drafts, publishing
from hub.prices.book.drafts import Findings
from hub.prices.book.problems import DraftRefused, PriceProblem
from hub.prices.book.publishing import Edit
from hub.prices.shown import readers
from hub.store.parties import partners

DAY = 86400 * SECOND
READER = Party.of("DE", "MSP")


def examined(book: Book, draft: Json, at: int | None = None, **more: Any) -> Findings:
    with book.store.reading() as unit:
        return drafts.examine(unit, draft, OWNER, Edit(ANN, at=at, **more))


def told(book: Book, **settings: Any) -> None:
    """A connected eMSP with these settings."""
    with book.store.unit() as unit:
        registry.invite(unit, "EV Mobile", [(Role.EMSP, READER)])
        partner = registry.named(unit, "EV Mobile")
        registry.set_settings(unit, partner.id, PartnerSettings(**settings))
        unit.connection.execute(update(partners).values(registered_at=unit.now))


def test_a_sound_draft_shows_when_it_holds_and_what_it_costs(book: Book) -> None:
    book.publish("0.30")
    book.publish("0.50", at=3600)
    book.forward(60)
    found = examined(book, tariff("0.40"))
    assert (found.refusals, found.errors, found.same) == ((), (), False)
    assert found.before is not None
    assert (found.before.number, found.valid_from) == (1, book.clock.now)
    assert found.valid_to == BEGINNING + 3600 * SECOND
    assert found.changes is not None
    assert found.changes.dearer == len(found.changes.impacts)
    assert found.preview is not None
    assert (found.preview.end - found.preview.start).days == 7
    assert [each.total.before_taxes for each in found.preview.examples][:1] == [Decimal(4)]
    assert len(book.versions) == 2


def test_what_holds_already_would_change_nothing(book: Book) -> None:
    book.publish("0.30")
    found = examined(book, tariff("0.300"))
    assert (found.same, found.refusals) == (True, ())


@pytest.mark.parametrize(
    ("draft", "rule", "path"),
    [
        (tariff("0.30", elements=[]), "invalid", "elements"),
        (tariff("0.30", currency="XXX"), "invalid", "currency"),
        (tariff("0.30", party_id="ABC"), "owner", "party_id"),
        ({"id": "T1"}, "invalid", "currency"),
        ({}, "invalid", "id"),
        ({"elements": 3}, "invalid", "elements"),
    ],
)
def test_what_cannot_be_priced_is_refused_with_its_place(
    book: Book, draft: Json, rule: str, path: str
) -> None:
    found = examined(book, draft)
    assert (rule, path) in {(each.rule, each.path) for each in found.refusals}
    with pytest.raises(DraftRefused), book.store.unit() as unit:
        publishing.publish(unit, draft, OWNER, Edit(ANN))


def test_findings_of_the_linter_come_with_an_example_moment(book: Book) -> None:
    part = {"type": "ENERGY", "price": Decimal("0.3"), "step_size": 1}
    day = {"price_components": [part], "restrictions": {"start_time": "07:00", "end_time": "23:00"}}
    found = examined(book, tariff(elements=[day]))
    assert {each.id: each.example for each in found.errors}["charging-gap"]


@pytest.mark.parametrize("at", [-60, 60])
def test_what_the_book_would_refuse_is_said_before(book: Book, at: int) -> None:
    book.publish("0.30")
    book.publish("0.50", at=60)
    edit = Edit(ANN, at=BEGINNING + at * SECOND)
    found = examined(book, tariff("0.40"), edit.at)
    assert [each.rule for each in found.refusals] == ["retroactive" if at < 0 else "overlap"]
    with pytest.raises(PriceProblem, match=found.refusals[0].message[:20]), book.store.unit() as unit:
        publishing.publish(unit, tariff("0.40"), OWNER, edit)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"end_date_time": "2026-11-22T12:00:00Z"}, "no session will ever have this price"),
        ({"start_date_time": "2026-11-22T12:00:01Z"}, "no session has this price before"),
        ({"start_date_time": "2026-11-22T12:00:00Z", "end_date_time": "2027-01-01T00:00:00Z"}, None),
    ],
)
def test_what_a_tariff_says_of_its_own_validity_is_remarked(book: Book, own: Json, says: str | None) -> None:
    remarks = examined(book, tariff("0.30", **own)).remarks
    assert len(remarks) == (says is not None)
    assert all(says in each for each in remarks if says)


def test_that_nothing_holds_after_an_end_is_remarked(book: Book) -> None:
    book.publish("0.30")
    book.forward(1)
    until = book.clock.now + 60 * SECOND
    (remark,) = examined(book, tariff("0.20"), until=until).remarks
    assert remark.startswith("from 2026-11-22T12:01:01Z on nothing holds")
    book.revert(1, at=60)
    assert len(book.versions) == 1  # it would hold anyway
    book.publish("0.50", at=60)
    assert examined(book, tariff("0.20"), until=until).remarks == ()


# Notice ----------------------------------------------------------------------------------------------------


def test_a_partner_that_would_know_too_late_is_named(book: Book) -> None:
    told(book, notice_days=14)
    book.publish("0.30")
    book.forward(1)
    (notice,) = examined(book, tariff("0.40"), book.clock.now + 13 * DAY).notices
    assert (notice.partner, notice.days, notice.blocks) == ("EV Mobile", 14, False)
    assert notice.earliest == book.clock.now + 14 * DAY
    assert examined(book, tariff("0.40"), notice.earliest).notices == ()
    book.publish("0.40", at=60)


def test_notice_that_blocks_refuses_the_change_and_not_the_first_price(book: Book) -> None:
    told(book, notice_days=1, notice_blocks=True)
    book.publish("0.30")
    book.forward(1)
    (refusal,) = examined(book, tariff("0.40")).refusals
    assert (refusal.rule, refusal.example) == ("notice", "2026-11-23T12:00:01Z")
    for change in (lambda: book.publish("0.40"), lambda: book.end(60)):
        with pytest.raises(DraftRefused, match=r"EV Mobile .* notice-blocks"):
            change()
    book.publish("0.40", at=86400)


def test_who_may_not_read_a_tariff_need_not_know_of_it(book: Book) -> None:
    told(book, notice_days=1, notice_blocks=True)
    book.publish("0.30")
    with book.store.unit() as unit:
        readers.restrict(unit, OWNER, "T1", {Party.of("FR", "XYZ")})
    book.forward(1)
    book.publish("0.40")
    assert book.shown == Decimal("0.40")


# In any edition --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", ["2.1.1", "2.2.1", "2.3.0"])
def test_a_draft_may_be_of_any_edition(book: Book, edition: str) -> None:
    draft = example(edition, "tariffs", id="T1", last_updated=None, country_code=None, party_id=None)
    with book.store.unit() as unit:
        made = publishing.publish(unit, draft, OWNER, Edit(ANN))
    assert isinstance(made, publishing.Version)
    assert made.edition == edition
    assert price_of(made.document.newest) == Decimal("0.21")
    assert {name: made.document.sent[name] for name in draft} == draft


# Comparing -------------------------------------------------------------------------------------------------


def test_two_versions_are_compared_in_words_and_in_money(book: Book) -> None:
    book.publish("0.30")
    book.forward(1)
    book.publish("0.40")
    one, two = book.versions
    found = comparing.compared(one, two, "Europe/Amsterdam")
    assert found is not None
    assert any("0.30" in each and "0.40" in each for each in found.changes)
    assert found.impacts[0].delta == Decimal(5)  # of 50 kWh


def test_prices_are_local_where_the_owner_is(book: Book) -> None:
    with book.store.reading() as unit:
        assert comparing.time_zone_of(unit, OWNER) == "UTC"

"""Whether a CDR costs what its tariff says, whether it contradicts itself, and why if not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tariffs.adjustment_words import adjustments_told
from tariffs.causes import CAUSES, Cause, alternatives
from tariffs.cdr_checks import check_cdr
from tariffs.claims import Claims, agrees, read_claims, side_of
from tariffs.errors import MismatchError, PricingError
from tariffs.model import Remark, Tariff
from tariffs.policy import DEFAULT, Policy
from tariffs.quote import Quote
from tariffs.reading import read_tariff
from tariffs.reckoning import Reckoning, Setting, of_quote
from tariffs.rounding import Rounding, to_places
from tariffs.session import Session
from tariffs.session_reading import read_session

MOST_PERIODS_FOR_PAIRS = 300
UNEXPLAINED = "UNEXPLAINED"
ADJUSTED = "ADJUSTED"


@dataclass(frozen=True, slots=True)
class Difference:
    """An amount that a CDR claims beside what its tariff says; `delta` is claimed less computed."""

    name: str
    side: str
    claimed: Decimal
    computed: Decimal | None
    delta: Decimal | None
    agrees: bool

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Explained:
    """A cause that makes the claimed totals come out: its stable id (two joined by +) and what was done."""

    id: str
    message: str

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Verification:
    """A CDR against its tariff (`differences`, `cause`) and against itself (`findings`).

    `differences` holds every claimed amount, those that agree too. `cause` is None when all agree; `others`
    are further causes that make the totals come out.
    """

    agrees: bool
    quote: Quote
    differences: tuple[Difference, ...]
    cause: Explained | None
    others: tuple[Explained, ...]
    findings: tuple[Remark, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "agrees": self.agrees,
            "currency": self.quote.currency,
            "differences": [one.as_dict() for one in self.differences],
            "cause": None if self.cause is None else self.cause.as_dict(),
            "others": [one.as_dict() for one in self.others],
            "findings": [one.as_dict() for one in self.findings],
            "quote": self.quote.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Background:
    """What else is known when a CDR is verified: tariffs that may have been used, the CDR it credits."""

    other_tariffs: tuple[Tariff, ...] = ()
    original: Mapping[str, Any] | None = None
    policy: Policy = DEFAULT


NOTHING_ELSE = Background()


@dataclass(frozen=True, slots=True)
class Subject:
    """A CDR that was read once, to be compared with tariffs: what was used, what it claims, the tariffs that
    it carries and, of a CDR whose price was adjusted, by which rules and how much."""

    session: Session
    claims: Claims
    carried: tuple[Tariff, ...]
    adjustments: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """What tariffs make of a CDR, beside what it claims; `causes` are empty when all agree."""

    quote: Quote
    differences: tuple[Difference, ...]
    causes: tuple[Explained, ...]

    @property
    def cause(self) -> Explained | None:
        """The likeliest; None when all agrees."""
        return self.causes[0] if self.causes else None


def verify(
    cdr: Mapping[str, Any],
    tariffs: Tariff | Sequence[Tariff] | None = None,
    time_zone: str | None = None,
    background: Background = NOTHING_ELSE,
) -> Verification:
    """A CDR document of any edition against `tariffs` (by default those it carries) and against itself.

    Where it agrees, it does so at as many decimals as it writes. `time_zone` is by default that of its
    location, else UTC. PricingError when the CDR or its tariffs cannot be read or do not belong together.
    """
    subject = read_subject(cdr)
    found = compare(subject, tariffs, time_zone, background)
    remarks = [*check_cdr(cdr, subject.session, background.original), *found.quote.warnings]
    return Verification(
        agrees=not found.causes,
        quote=found.quote,
        differences=found.differences,
        cause=found.cause,
        others=found.causes[1:],
        findings=tuple(dict.fromkeys(remarks)),
    )


def read_subject(cdr: Mapping[str, Any], carried: tuple[Tariff, ...] | None = None) -> Subject:
    """A CDR of any edition; SessionError when it cannot be read. `carried`: the tariffs that it carries, for
    who has read them already."""
    session, claims = read_session(cdr), read_claims(cdr)
    told = adjustments_told(cdr.get("remark"))
    return Subject(session, claims, carried_tariffs(cdr) if carried is None else carried, tuple(told))


def compare(
    subject: Subject,
    tariffs: Tariff | Sequence[Tariff] | None = None,
    time_zone: str | None = None,
    background: Background = NOTHING_ELSE,
) -> Compared:
    """As `verify`, and without a look at whether the CDR contradicts itself."""
    claims, carried = subject.claims, subject.carried
    setting = _setting(subject, tariffs, time_zone, background)
    quote = setting.quotes.of(setting)
    reckoned = of_quote(quote)
    differences = tuple(_differences(claims, reckoned))
    found = (
        []
        if all(one.agrees for one in differences)
        else [*_adjusted(claims, reckoned, subject.adjustments)]
        or _explained(claims, setting, reckoned, (*carried, *background.other_tariffs))
    )
    return Compared(quote, differences, tuple(found))


def carried_tariffs(cdr: Mapping[str, Any]) -> tuple[Tariff, ...]:
    """The tariffs that a CDR carries itself (P-04); those that cannot be read are left out."""
    given = cdr.get("tariffs")
    return tuple(_readable(given if isinstance(given, list) else ()))


def _readable(documents: Sequence[Any]) -> Iterator[Tariff]:
    for document in documents:
        try:
            yield read_tariff(document)
        except PricingError:
            continue


def quoted(
    subject: Subject,
    tariffs: Tariff | Sequence[Tariff] | None = None,
    time_zone: str | None = None,
    background: Background = NOTHING_ELSE,
) -> Quote:
    """What it costs by its tariffs, whatever it claims: no cause is looked for."""
    setting = _setting(subject, tariffs, time_zone, background)
    return setting.quotes.of(setting)


def _setting(
    subject: Subject,
    tariffs: Tariff | Sequence[Tariff] | None,
    time_zone: str | None,
    background: Background,
) -> Setting:
    using = _using(tariffs, subject.carried)
    zone = time_zone or subject.session.time_zone or "UTC"
    return Setting(using, subject.session, zone, background.policy)


def _using(
    tariffs: Tariff | Sequence[Tariff] | None, carried: tuple[Tariff, ...]
) -> Tariff | tuple[Tariff, ...]:
    if isinstance(tariffs, Tariff):
        return tariffs
    given = carried if tariffs is None else tuple(tariffs)
    if not given:
        raise MismatchError(
            "tariffs", "required", "the CDR carries no tariff that can be read, and none is given"
        )
    return given[0] if len(given) == 1 else given


def _differences(claims: Claims, found: Reckoning) -> Iterator[Difference]:
    for name, side, claimed in claims.told:
        exact = side_of(found.total if name == "total" else found.shares[name], side)
        computed = None if exact is None else to_places(exact, 1, max(claims.places, 4))
        delta = None if computed is None else claimed - computed
        yield Difference(name, side, claimed, computed, delta, agrees(claimed, exact, claims.places))


def _adjusted(claims: Claims, usual: Reckoning, told: Sequence[tuple[str, Decimal]]) -> Iterator[Explained]:
    """The CDR itself says which rules changed its price, and by how much (A52); each amount is rounded."""
    changed = sum((Fraction(amount) for _, amount in told), Fraction(0))
    net, finest = claims.total.net, Fraction(1, 10 ** max(claims.places, 4))
    if (
        told
        and net is not None
        and abs(usual.total.net + changed - Fraction(net)) <= finest * (len(told) + 1)
    ):
        rules = ", ".join(f"rule {rule} by {amount:f}" for rule, amount in told)
        yield Explained(ADJUSTED, f"the CDR says that its price was adjusted before taxes: {rules}")


def _explained(
    claims: Claims, setting: Setting, usual: Reckoning, others: Sequence[Tariff]
) -> list[Explained]:
    """The causes that make the claimed totals come out, those that fit the shares best first."""
    rounding = list(_rounding(claims, usual))
    if rounding:
        return rounding
    singles = list(alternatives(setting, others))
    found = sorted(_fitting(claims, usual, singles), key=lambda fit: fit[0])
    if not found and len(setting.session.periods) <= MOST_PERIODS_FOR_PAIRS:
        found = sorted(_fitting(claims, usual, _pairs(singles)), key=lambda fit: fit[0])
    explained = [cause for _, cause in found]
    return explained or [*_rates(claims, usual), *_near(claims, usual)] or [_unexplained(claims, usual)]


def _fitting(
    claims: Claims, usual: Reckoning, tried: Sequence[tuple[Cause, Setting]] | Iterator[tuple[Cause, Setting]]
) -> Iterator[tuple[int, Explained]]:
    """How many claimed shares each cause leaves unexplained, where it explains the total."""
    for cause, setting in tried:
        try:
            found = setting.reckoned()
        except PricingError:
            continue
        if not _fits_total(claims, found) or _same(found, usual):
            continue
        wrong = sum(not one.agrees for one in _differences(claims, found))
        yield wrong, Explained(cause.id, cause.message)


def _pairs(singles: Sequence[tuple[Cause, Setting]]) -> Iterator[tuple[Cause, Setting]]:
    """Two causes at once, each pair in one order."""
    order = {cause.id: place for place, cause in enumerate(CAUSES)}
    for first, setting in singles:
        for second in CAUSES[order.get(first.id, -1) + 1 :]:
            changed = second.change(setting)
            if changed is not None:
                both = Cause(
                    f"{first.id}+{second.id}", f"{first.message}, and {second.message}", second.change
                )
                yield both, changed


def _same(one: Reckoning, other: Reckoning) -> bool:
    return one.total == other.total and one.shares == other.shares


def _fits_total(claims: Claims, found: Reckoning) -> bool:
    sides = list(claims.total.sides)
    return bool(sides) and all(
        agrees(claimed, side_of(found.total, side), claims.places) for side, claimed in sides
    )


def _rounding(claims: Claims, usual: Reckoning) -> Iterator[Explained]:
    """Everything agrees under another way to round, or at fewer decimals."""
    for places in dict.fromkeys((claims.places, 4, 3, 2, 1, 0)):
        for mode in Rounding:
            if all(
                agrees(claimed, _of(usual, name, side), places, mode) for name, side, claimed in claims.told
            ):
                how = mode.replace("_", " ").lower()
                yield Explained("ROUNDING", f"amounts are rounded {how} to {_decimals(places)}")
                return


def _decimals(places: int) -> str:
    return f"{places or 'no'} decimal{'' if places == 1 else 's'}"


def _rates(claims: Claims, usual: Reckoning) -> Iterator[Explained]:
    """The amount before taxes agrees, so another rate was applied."""
    net, gross = claims.total.net, claims.total.gross
    if net and gross is not None and agrees(net, usual.total.net, claims.places):
        rate = to_places((Fraction(gross) / Fraction(net) - 1) * 100, 1, 2)
        yield Explained("VAT_RATE", f"the taxes claimed come to {rate:f} % of the amount before taxes")


def _near(claims: Claims, usual: Reckoning) -> Iterator[Explained]:
    """Differences as small as sums of rounded parts have."""
    told = list(claims.told)
    near = [
        abs(Fraction(claimed) - exact) <= Fraction(2, 100)
        for name, side, claimed in told
        if (exact := _of(usual, name, side)) is not None
    ]
    if near and all(near):
        yield Explained(
            "ROUNDING", "amounts differ by no more than parts that were rounded before they were added"
        )


def _of(found: Reckoning, name: str, side: str) -> Fraction | None:
    return side_of(found.total if name == "total" else found.shares[name], side)


def _unexplained(claims: Claims, usual: Reckoning) -> Explained:
    differing = [one for one in _differences(claims, usual) if not one.agrees]
    shares = [one for one in differing if one.name != "total"] or differing
    worst = max(shares, key=lambda one: abs(one.delta or Decimal(0)))
    return Explained(
        UNEXPLAINED, f"no known way to reckon comes to it; {worst.name} {worst.side} differs by {worst.delta}"
    )

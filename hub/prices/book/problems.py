"""What cannot be done with the price book, each with the remedy in its message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class PriceProblem(Exception):
    """The price book does not allow this; `rule` is a stable id of why."""

    rule: ClassVar[str] = "prices"

    @property
    def refusals(self) -> "Sequence[Refusal]":
        """The same as one refusal or several of a draft."""
        return (Refusal(self.rule, "", str(self), ""),)


class NoSuchTariff(PriceProblem):
    """The price book has no such tariff."""

    rule = "tariff-unknown"


class NoSuchVersion(PriceProblem):
    """The tariff has no such version."""

    rule = "version-unknown"


class StaleEdit(PriceProblem):
    """Somebody else has changed the tariff meanwhile: look at it again, then repeat the change."""

    rule = "stale"


class Retroactive(PriceProblem):
    """That moment is past: prices are changed from now on, never backwards."""

    rule = "retroactive"


class Overlapping(PriceProblem):
    """Two versions would hold at one moment."""

    rule = "overlap"


class NothingHolds(PriceProblem):
    """No version holds at that moment: there is nothing to end."""

    rule = "nothing-holds"


class NotWithdrawable(PriceProblem):
    """Only what has not taken force yet can be withdrawn."""

    rule = "not-withdrawable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a draft is refused: where in it, by which rule, why, for which moment for example, what to do."""

    rule: str
    path: str
    message: str
    remedy: str
    example: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        example = f"For example {self.example}." if self.example else ""
        return " ".join(filter(None, (f"{where}{self.message} [{self.rule}].", example, self.remedy)))


class DraftRefused(PriceProblem):
    """The draft cannot be published; nothing of it was."""

    rule = "refused"

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self._refusals = tuple(refusals)
        more = f" And {len(refusals) - 1} more." if len(refusals) > 1 else ""
        super().__init__(f"{refusals[0]}{more}")

    @property
    def refusals(self) -> Sequence[Refusal]:
        return self._refusals

"""Why a rule or a membership is refused; the message says what is wrong, then what to do."""

from collections.abc import Mapping

from hub.prices.book.problems import PriceProblem


class RuleFault(PriceProblem):
    """The rule cannot be taken; `fields` says what is wrong with each field that is."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class InvalidRule(RuleFault):
    """A field of it is wrong."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(f"{field}: {says}", {field: says})


class Ambiguous(RuleFault):
    """Two rules would be equal for a session; `others` are the ids of the rules that were there before."""

    def __init__(self, message: str, others: tuple[int, ...], example: Mapping[str, object]) -> None:
        super().__init__(message, {"priority": "must differ from that of the other rule, or the match must"})
        self.others = others
        self.example = dict(example)


class TooLate(RuleFault):
    """That moment is past: what began before is priced as it was."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(f"{field}: {says}", {field: says})


class NoSuchRule(RuleFault):
    """There is none of this number."""


class AlreadyEnded(RuleFault):
    """It has ended, or ends before the instant that is wanted."""


class Overlapping(RuleFault):
    """A contract has one plan, one tier and one driver group at a time."""


class NoSuchMembership(RuleFault):
    """It does not belong there."""

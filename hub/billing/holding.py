"""Why a completed session cannot be billed yet; each reason is a code, and its docstring says what to do."""

from collections.abc import Mapping
from typing import ClassVar


class Held(Exception):
    """The session cannot be billed yet."""

    code: ClassVar[str] = "HELD"

    def __init__(self, detail: str = "") -> None:
        says = (type(self).__doc__ or "").strip()
        self.message = f"{says} ({detail})" if detail else says
        super().__init__(self.message)


class LocationUnknown(Held):
    """The session's location, EVSE or connector is not known: the CPO must publish it."""

    code = "LOCATION_UNKNOWN"


class TariffNone(Held):
    """The connector names no tariff, which does not mean it is free: the CPO must set tariff_ids."""

    code = "TARIFF_NONE"


class TariffUnknown(Held):
    """None of the tariffs that the connector names is known: the CPO must publish one of them."""

    code = "TARIFF_UNKNOWN"


class TariffNotInForce(Held):
    """No tariff of the connector was in force for this session when it started: the CPO must publish one."""

    code = "TARIFF_NOT_IN_FORCE"


class TariffForOthers(Held):
    """The tariffs of the connector are for other parties: the CPO must give this one a tariff."""

    code = "TARIFF_FOR_OTHERS"


class RuleTariffForOthers(Held):
    """The tariff that a rule gives is for other parties: the operator must let this one read it."""

    code = "RULE_TARIFF_FOR_OTHERS"


class RuleTariffUnknown(Held):
    """The tariff that a rule gives is not known: the operator must publish it."""

    code = "RULE_TARIFF_UNKNOWN"


class RuleTariffNotInForce(Held):
    """The tariff that a rule gives was not in force when the session started: the operator must look."""

    code = "RULE_TARIFF_NOT_IN_FORCE"


class TariffUnpriceable(Held):
    """The tariff cannot be priced: the CPO must correct it."""

    code = "TARIFF_UNPRICEABLE"


class SessionUnpriceable(Held):
    """The session's charging periods cannot be priced: the operator must settle it with the CPO."""

    code = "SESSION_UNPRICEABLE"


class CurrencyDiffers(Held):
    """The tariff is in another currency than the session: the operator must settle it with the CPO."""

    code = "CURRENCY_DIFFERS"


class QuantityNegative(Held):
    """Energy or time is negative, which no session has that was charged: the CPO must say what is right."""

    code = "QUANTITY_NEGATIVE"


class EnergyZero(Held):
    """No energy was charged, and neither parking nor a reservation was told: look before a fee is billed."""

    code = "ENERGY_ZERO"


UNRESOLVED: Mapping[str, type[Held]] = {
    held.code: held
    for held in (
        TariffNone,
        TariffUnknown,
        TariffNotInForce,
        TariffUnpriceable,
        TariffForOthers,
        RuleTariffForOthers,
        RuleTariffUnknown,
        RuleTariffNotInForce,
    )
}
"""By the codes with which `hub.prices.book.by_connector.Unresolved` says that no tariff holds."""

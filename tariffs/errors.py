"""What can make pricing impossible: each error names the place, the rule and what to do about it."""


class PricingError(ValueError):
    """Something cannot be priced: `path` says where, `rule` is a stable id, `message` is for people."""

    def __init__(self, path: str, rule: str, message: str) -> None:
        super().__init__(f"{path or 'document'}: {message} [{rule}]")
        self.path = path
        self.rule = rule
        self.message = message


class TariffError(PricingError):
    """A tariff that cannot be priced."""


class SessionError(PricingError):
    """A session, CDR or list of segments that cannot be priced."""


class MismatchError(PricingError):
    """Tariff and session do not belong together, for example by currency (P-05)."""


class TimeZoneError(PricingError):
    """A time zone that is not in the tz database: local prices cannot be told without it."""

"""The price of an OCPI charging session: exact, with reasons, without HTTP, database or floats.

    tariff = tariffs.read_tariff(document)             # of OCPI 2.1.1, 2.2.1 or 2.3.0
    session = tariffs.read_session(document)           # a Session, a CDR, or plain segments
    quote = tariffs.price(tariff, session, "Europe/Amsterdam")
    quote.before_taxes, quote.taxes, quote.after_taxes, quote.lines

What lies where: `model` a tariff, `session` a session, `reading` and `session_reading` their documents,
`plan` a compiled tariff, `restrictions` when an element applies, `clock` local time, `splitting` where a
price can change, `uses` what is used of each component, `stepping` step_size, `limits` and `taxes` what
follows, `rounding` the only rounding of money, `pricing` all of it in order. INTERPRETATION.md numbers the
open points of OCPI's text.
"""

from tariffs.choosing import choose
from tariffs.errors import MismatchError, PricingError, SessionError, TariffError, TimeZoneError
from tariffs.limits import AppliedLimit
from tariffs.lines import Group, Line
from tariffs.model import Component, Dimension, Element, PriceLimit, Remark, Restrictions, Tariff, Taxes
from tariffs.policy import DEFAULT, Flat, Hours, Policy, Split, Step, UnknownLoad
from tariffs.prepared import Prepared, prepare
from tariffs.pricing import price
from tariffs.quote import Quote
from tariffs.reading import read_tariff
from tariffs.rounding import Rounding
from tariffs.session import Load, Period, Session, Source
from tariffs.session_reading import read_session
from tariffs.taxes import Cost, TaxAmount

__all__ = [
    "DEFAULT",
    "AppliedLimit",
    "Component",
    "Cost",
    "Dimension",
    "Element",
    "Flat",
    "Group",
    "Hours",
    "Line",
    "Load",
    "MismatchError",
    "Period",
    "Policy",
    "Prepared",
    "PriceLimit",
    "PricingError",
    "Quote",
    "Remark",
    "Restrictions",
    "Rounding",
    "Session",
    "SessionError",
    "Source",
    "Split",
    "Step",
    "Tariff",
    "TariffError",
    "TaxAmount",
    "Taxes",
    "TimeZoneError",
    "UnknownLoad",
    "choose",
    "prepare",
    "price",
    "read_session",
    "read_tariff",
]

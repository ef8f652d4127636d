"""The price of an OCPI charging session: exact, with reasons, without HTTP, database or floats.

    tariff = tariffs.read_tariff(document)             # of OCPI 2.1.1, 2.2.1 or 2.3.0
    session = tariffs.read_session(document)           # a Session, a CDR, or plain segments
    quote = tariffs.price(tariff, session, "Europe/Amsterdam")
    quote.before_taxes, quote.taxes, quote.after_taxes, quote.lines

What lies where: `model` a tariff, `session` a session, `reading` and `session_reading` their documents,
`plan` a compiled tariff, `restrictions` when an element applies, `clock` local time, `splitting` where a
price can change, `uses` what is used of each component, `stepping` step_size, `limits` and `taxes` what
follows, `rounding` the only rounding of money, `pricing` all of it in order, `walked` stretch by stretch.
INTERPRETATION.md numbers the open points of OCPI's text.

Fast, and always the same amounts: `prepare(tariff, zone).price(cdr_bytes)` (`prepared`, with `timetable`,
`cdr_bytes`, `swift`, and the generated `loops` of `loop_traits`, `loop_reading` and `loop_pricing`), and
`price_columns(tariff, columns, zone)` for many at once (`batch`, of `batch_runner`, `batch_volumes`,
`batch_chunk`, `batch_split` and `batch_limits`) from packed `columns`: `encode` and `decode` one session,
`pack` and `unpack` many, `arrow` for Parquet (`columns_text` what columns cannot hold). `packed` keeps billed
sessions in `narrow` bytes, and `what_if_columns` prices these again.

To understand tariffs rather than to bill: `explain` in words, `preview` of coming prices (`spot` at an
instant, `pictures` of it), `lint` for what looks wrong (`cells`: conditions as sets), `verify` for CDRs
(`claims`, `cdr_checks`, `causes`), `diff` of two tariffs, `what_if` for batches, `generate` for samples.

After the price: `adjusting` takes off and adds what rules give (`adjusted`, `allocating`), and
`adjustment_words` are what a CDR says of it.
"""

from tariffs.adjusted import Adjusted, AdjustedQuote, Adjustment, Deal
from tariffs.adjusting import adjust
from tariffs.adjustment_words import adjustment_remark, adjustments_told
from tariffs.batch import Amounts, Share, price_columns
from tariffs.causes import CAUSES, Cause
from tariffs.choosing import choose
from tariffs.columns import Columns, decode, encode, pack, unpack
from tariffs.diff import Comparison, Impact, PriceChange, diff
from tariffs.drawing import Drawing, PicturesMissing
from tariffs.errors import MismatchError, PricingError, SessionError, TariffError, TimeZoneError
from tariffs.explain import Explanation, explain
from tariffs.explain_quote import explain_quote
from tariffs.generate import Sample, generate
from tariffs.limits import AppliedLimit
from tariffs.lines import Group, Line
from tariffs.lint import RULES, Finding, Rule, Severity, lint, lint_together
from tariffs.model import Component, Dimension, Element, PriceLimit, Remark, Restrictions, Tariff, Taxes
from tariffs.packed import Billed, Packed, pack_billed
from tariffs.pictures import picture
from tariffs.policy import DEFAULT, Dialect, Flat, Hours, Policy, Rounded, Split, Step, UnknownLoad
from tariffs.prepared import Prepared, prepare
from tariffs.preview import Example, Preview, preview
from tariffs.pricing import price
from tariffs.quote import Quote
from tariffs.reading import read_tariff
from tariffs.rounding import Rounding
from tariffs.session import Load, Period, Session, Source
from tariffs.session_reading import read_session
from tariffs.spot import Conditions, Rate, Spot, spot
from tariffs.taxes import Cost, TaxAmount
from tariffs.verify import (
    Background,
    Compared,
    Difference,
    Explained,
    Subject,
    Verification,
    carried_tariffs,
    compare,
    quoted,
    read_subject,
    verify,
)
from tariffs.what_if import Case, Terms, WhatIf, read_case, what_if
from tariffs.what_if_columns import Batch, Claimed, Labels, what_if_columns

ENGINE = "1"
"""Another one when the same tariff and session make another price: what was billed tells by which."""

__all__ = [
    "CAUSES",
    "DEFAULT",
    "ENGINE",
    "RULES",
    "Adjusted",
    "AdjustedQuote",
    "Adjustment",
    "Amounts",
    "AppliedLimit",
    "Background",
    "Batch",
    "Billed",
    "Case",
    "Cause",
    "Claimed",
    "Columns",
    "Compared",
    "Comparison",
    "Component",
    "Conditions",
    "Cost",
    "Deal",
    "Dialect",
    "Difference",
    "Dimension",
    "Drawing",
    "Element",
    "Example",
    "Explained",
    "Explanation",
    "Finding",
    "Flat",
    "Group",
    "Hours",
    "Impact",
    "Labels",
    "Line",
    "Load",
    "MismatchError",
    "Packed",
    "Period",
    "PicturesMissing",
    "Policy",
    "Prepared",
    "Preview",
    "PriceChange",
    "PriceLimit",
    "PricingError",
    "Quote",
    "Rate",
    "Remark",
    "Restrictions",
    "Rounded",
    "Rounding",
    "Rule",
    "Sample",
    "Session",
    "SessionError",
    "Severity",
    "Share",
    "Source",
    "Split",
    "Spot",
    "Step",
    "Subject",
    "Tariff",
    "TariffError",
    "TaxAmount",
    "Taxes",
    "Terms",
    "TimeZoneError",
    "UnknownLoad",
    "Verification",
    "WhatIf",
    "adjust",
    "adjustment_remark",
    "adjustments_told",
    "carried_tariffs",
    "choose",
    "compare",
    "decode",
    "diff",
    "encode",
    "explain",
    "explain_quote",
    "generate",
    "lint",
    "lint_together",
    "pack",
    "pack_billed",
    "picture",
    "prepare",
    "preview",
    "price",
    "price_columns",
    "quoted",
    "read_case",
    "read_session",
    "read_subject",
    "read_tariff",
    "spot",
    "unpack",
    "verify",
    "what_if",
    "what_if_columns",
]

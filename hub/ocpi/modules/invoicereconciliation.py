"""Invoice reconciliation records, of edition 2 of 2.3.0 alone: which CDRs an invoice bills."""

from hub.ocpi.module import Module, Role
from hub.ocpi.types import CiString, CountryCode, DateTime, ListOf, OcpiObject, PartyId


class InvoiceReconciliationRecord(OcpiObject):  # IRR-01
    country_code = CountryCode(required=True)
    party_id = PartyId(required=True)
    id = CiString(36, required=True)
    invoice_id = CiString(255, required=True)
    cdrs = ListOf(CiString(39), card="+")  # IRR-09: as long as the id of a credit CDR
    last_updated = DateTime(required=True)


module = Module(
    "invoicereconciliation",
    owners=(Role.CPO, Role.EMSP),  # IRR-02: who bills, directly or in reverse
    receiver=("POST", "GET", "PUT", "DELETE"),  # IRR-04
    heard_by=frozenset({Role.CPO, Role.EMSP}),
    addressed=True,
    posted_once=True,  # IRR-05
)

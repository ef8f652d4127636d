"""What cannot be done with invoices, and what to do instead."""

from hub.closing.problems import ClosingProblem


class NoSuchInvoice(ClosingProblem):
    """No record tells of such an invoice; see `hub invoice list`."""


class SeveralInvoices(ClosingProblem):
    """More than one can be meant; say which."""


class NotSent(ClosingProblem):
    """The statement is not sent yet, so that there is nothing to reconcile."""


class NothingListed(ClosingProblem):
    """The statement has no CDRs, or no record was issued for it."""

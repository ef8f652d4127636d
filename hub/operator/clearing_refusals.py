"""What refusals of clearing, of closing and of agreements mean in the API."""

from collections.abc import Callable, Sequence
from typing import Any

from hub.clearing.crediting import CannotBeCredited
from hub.clearing.disputes import DisputeProblem
from hub.clearing.rule_sets import NoSuchCheck, NoSuchLimit
from hub.clearing.states import MovedMeanwhile, NoSuchTransition
from hub.closing.invoices.problems import NoSuchInvoice, SeveralInvoices
from hub.closing.problems import ClosingProblem, NoSuchStatement
from hub.operator import problems
from hub.operator.problems import Problem
from hub.parties.agreement_files import InvalidLine
from hub.parties.agreements import AgreementInTheWay, EndBeforeBeginning, NoSuchAgreement
from hub.parties.terms import NoSuchTerm


def of_state(error: Exception) -> Problem:
    return problems.Conflict(str(error), remedy="GET its /states tells what became of it.")


def of_check(error: Exception) -> Problem:
    return problems.NotFound(str(error), remedy="GET /api/v1/checks lists them.")


def of_limit(error: Exception) -> Problem:
    return problems.Unfit(str(error), fields={"limits": str(error)})


def of_term(error: Exception) -> Problem:
    """Its message begins with the name of the term."""
    name, _, fault = str(error).partition(": ")
    remedy = "GET /api/v1/agreements/terms lists them, and how each is written."
    return problems.Unfit(str(error), fields={f"terms.{name}": fault}, remedy=remedy)


def of_agreement(error: Exception) -> Problem:
    return problems.NotFound(str(error), remedy="GET /api/v1/agreements lists them.")


def of_beginning(error: Exception) -> Problem:
    return problems.Conflict(str(error), remedy="End that one, or choose another `since`.")


def of_end(error: Exception) -> Problem:
    return problems.Unfit("It must end after it begins.", fields={"until": "not after it begins"})


def of_dispute(error: Exception) -> Problem:
    return problems.Conflict(str(error), remedy="Look at the CDR and its disputes first.")


def of_closing(error: Exception) -> Problem:
    return problems.Conflict(str(error), remedy="GET /api/v1/statements and /periods show how far each is.")


def of_invoice(error: Exception) -> Problem:
    remedy = "GET /api/v1/invoices lists what is known."
    return problems.Unfit(str(error), fields={"invoice": "no record tells of it"}, remedy=remedy)


def of_several(error: Exception) -> Problem:
    fields = dict.fromkeys(("by", "for", "currency"), "needed where there are several")
    return problems.Unfit(str(error), fields=fields)


def of_line(error: InvalidLine) -> Problem:
    return problems.Unfit(str(error), fields={f"content.{error.line}": error.fault})


CLEARING: Sequence[tuple[type[Exception], Callable[[Any], Problem]]] = (
    (NoSuchTransition, of_state),
    (MovedMeanwhile, of_state),
    (NoSuchCheck, of_check),
    (NoSuchLimit, of_limit),
    (NoSuchTerm, of_term),
    (InvalidLine, of_line),
    (NoSuchAgreement, of_agreement),
    (DisputeProblem, of_dispute),
    (CannotBeCredited, of_dispute),
    (NoSuchInvoice, of_invoice),
    (SeveralInvoices, of_several),
    (NoSuchStatement, lambda error: problems.NotFound(str(error))),
    (ClosingProblem, of_closing),
    (AgreementInTheWay, of_beginning),
    (EndBeforeBeginning, of_end),
)
"""The first that fits is used."""

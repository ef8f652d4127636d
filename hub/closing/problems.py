"""What cannot be done with periods and statements, each with the next step in its message."""


class ClosingProblem(Exception):
    """The period or the statement is not in the state that this needs."""


class NoSuchMonth(ClosingProblem):
    """A month is written as 2026-10."""


class NotOver(ClosingProblem):
    """The month is not over by the clocks of the agreement."""


class LaterOneClosed(ClosingProblem):
    """A later month is closed already; what came late is on its statement or on the next."""


class NoSuchStatement(ClosingProblem):
    """There is no such statement; see `hub statement list`."""


class WrongState(ClosingProblem):
    """The statement is not in the state that this needs."""


class OutsideTolerance(ClosingProblem):
    """The statement differs from what its CDRs should cost by more than was agreed."""


class NotOnStatement(ClosingProblem):
    """The statement has no line for this CDR."""


class SafetyBound(Exception):
    """What was about to be written does not add up; nothing was written."""

"""What an operator cannot do with a partner, each with the remedy in its message."""


class PartnerProblem(Exception):
    """The partner is not in the state that this needs."""


class NoSuchPartner(PartnerProblem):
    """There is no partner of this name."""


class NameTaken(PartnerProblem):
    """Another partner has this name."""


class PartyTaken(PartnerProblem):
    """Another partner holds one of the parties in the same role (CRED-24)."""


class AlreadyRegistered(PartnerProblem):
    """The partner is registered."""


class NotRegistered(PartnerProblem):
    """The partner is not registered."""

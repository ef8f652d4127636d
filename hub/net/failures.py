"""What can go wrong with an outbound request."""

from typing import Literal

Kind = Literal[
    "forbidden",  # the hub sends no such request: scheme, userinfo, header, or an address it may not reach
    "dns",  # the name has no address
    "refused",  # no connection
    "tls",  # the connection cannot be trusted
    "timeout",  # the deadline passed
    "closed_before_answer",  # connected, but the peer went away without a byte of an answer
    "too_large",  # more bytes than this hub reads
    "protocol",  # what came back is not an HTTP answer, or not a whole one
]


class Unreachable(Exception):
    """The request has no usable answer.

    kind  what went wrong, of a closed set
    sent  whether any byte of the request left; if not, the peer cannot have acted on it
    """

    def __init__(self, kind: Kind, message: str, *, sent: bool = False) -> None:
        self.kind = kind
        self.message = message
        self.sent = sent
        super().__init__(f"{kind}: {message}")

"""The one way out: HTTP requests to addresses that partners gave us.

A partner's URL is a stranger's input, and so is everything that comes back. `Client` therefore promises,
whatever the peer does: only http and https, only addresses that were checked, one wall-clock deadline over
everything, a cap on the bytes, and a single exception, `Unreachable`, that says what went wrong and whether
anything had been sent.
"""

from hub.net.client import Answer, Client
from hub.net.failures import Kind, Unreachable
from hub.net.pinning import PUBLIC_TRUST, Trust

__all__ = ["PUBLIC_TRUST", "Answer", "Client", "Kind", "Trust", "Unreachable"]

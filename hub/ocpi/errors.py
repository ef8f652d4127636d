"""Everything that can be wrong with what a partner sent, each with its OCPI status code and HTTP status.

The docstring of a class is the sentence the partner reads; the constructor may say it more exactly.
`fields` maps the path of a field ("elements[0].price_components[1].price") to what is wrong with it.
"""

from collections.abc import Mapping
from typing import ClassVar


class OcpiError(Exception):
    """The request could not be handled."""

    status_code: ClassVar[int] = 2000
    http_status: ClassVar[int] = 200

    def __init__(self, message: str | None = None, *, fields: Mapping[str, str] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.fields = dict(fields or {})
        super().__init__(self.message)


class InvalidJson(OcpiError):  # TR-12
    """The body is not JSON that this hub reads."""

    status_code = 2001
    http_status = 400


class BodyTooLarge(OcpiError):
    """The body is larger than this hub reads."""

    status_code = 2001
    http_status = 413


class InvalidParameter(OcpiError):  # TR-15, TR-18
    """The object or a parameter is not as OCPI wants it."""

    status_code = 2001


class InvalidObject(InvalidParameter):
    """The object is not as this OCPI version wants it; each field is named in `data`."""


class NotEnoughInformation(OcpiError):  # TOK-09
    """More information is needed to answer."""

    status_code = 2002


class Unauthorised(OcpiError):  # TR-01, TR-02, TR-07
    """The Authorization header carries no token that this hub knows for this endpoint."""

    http_status = 401


class UnknownObject(OcpiError):  # TR-17
    """There is no such object."""

    http_status = 404


class UnknownLocation(UnknownObject):
    """There is no such location, EVSE or connector."""

    status_code = 2003


class UnknownToken(UnknownObject):  # TOK-08
    """There is no such token."""

    status_code = 2004


class MethodNotAllowed(OcpiError):  # TR-23
    """This endpoint does not take this method."""

    http_status = 405


class PartnerUnusable(OcpiError):  # CRED-07
    """The partner's own versions or version details could not be used."""

    status_code = 3001


class UnsupportedVersion(OcpiError):  # CRED-08
    """The partner offers no OCPI version that this hub speaks."""

    status_code = 3002


class EndpointsMissing(OcpiError):  # CRED-08
    """The partner offers none of the endpoints that a connection needs."""

    status_code = 3003


class HubError(OcpiError):
    """The hub could not pass the request on."""

    status_code = 4000


class UnknownReceiver(HubError):  # HUB-06
    """No party of this hub has the country code and party id of the OCPI-to headers."""

    status_code = 4001


class ReceiverTimeout(HubError):
    """The receiving party did not answer in time."""

    status_code = 4002


class ReceiverNotConnected(HubError):
    """The receiving party is known but not connected."""

    status_code = 4003


class NotExpressible(Exception):
    """The object has no faithful form in the older edition, so it must be left out. The argument says why."""

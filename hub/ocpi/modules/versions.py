"""Which OCPI versions a platform speaks, and where; in the newest edition."""

from hub.ocpi import enums
from hub.ocpi.types import ListOf, OcpiObject, OneOf, Url


class Version(OcpiObject):
    """One entry of the list at a versions URL (VER-01)."""

    version = OneOf(enums.VERSION_NUMBER, required=True)
    url = Url(required=True)


class Endpoint(OcpiObject):
    """Identifiers and versions nobody knows are skipped, not refused (VER-07, VER-12)."""

    identifier = OneOf(enums.MODULE_ID, required=True)
    role = OneOf(enums.INTERFACE_ROLE, required=True)
    url = Url(required=True)


class VersionDetails(OcpiObject):
    version = OneOf(enums.VERSION_NUMBER, required=True)
    endpoints = ListOf(Endpoint, card="+")

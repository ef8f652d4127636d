"""What an OCPI edition is: its schemas, and the way to and from the next newer one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from marshmallow import Schema

from hub.ocpi.document import Json, Party
from hub.ocpi.surroundings import Surroundings

Translation = Callable[[Json, Party, Surroundings], Json]
"""(object, owner, surroundings) -> the object in the neighbouring edition; never the same dict changed."""


@dataclass(frozen=True)
class Edition:
    """One OCPI version as this hub speaks it.

    schemas    object name -> schema, complete for this edition
    upgrade    object name -> translation to the next newer edition; absent = identical
    downgrade  object name -> translation from the next newer edition; absent = identical;
               raises NotExpressible
    """

    version: str
    schemas: Mapping[str, type[Schema]]
    upgrade: Mapping[str, Translation] = field(default_factory=dict)
    downgrade: Mapping[str, Translation] = field(default_factory=dict)
    raw_tokens: bool = False  # TR-04
    routing_headers: bool = True  # C1
    patch_needs_last_updated: bool = True  # TR-52
    patch_appends_periods: bool = True  # SES-02, SES-05
    case_sensitive_ids: bool = False  # TR-60
    has_roles: bool = True  # VER-02, VER-05

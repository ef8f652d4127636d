"""The long work about prices: the past under a draft."""

from collections.abc import Callable

import tariffs
from hub.hub import Hub
from hub.ocpi.document import Json, Party
from hub.operator.fields import in_strings
from hub.prices.past import history
from hub.prices.past.history import Wanted

Watch = Callable[[int, int], None]


def what_if(hub: Hub, wanted: Json, progress: Watch) -> Json:
    """What the sessions of some months have cost, and would have cost under a draft."""
    draft = tariffs.Terms(tariffs.read_tariff(wanted["tariff"]))
    names = ("months", "tariffs", "partners", "locations")
    which = Wanted(**{name: wanted.get(name) or () for name in names})
    found = history.what_if(hub.store, Party.of(*wanted["party"].split("/")), draft, which, progress)
    told: Json = in_strings(found.as_dict())
    return told

"""A CPO with three eMSPs that see different prices, and what each of them is sent, without a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from factories import Json, example
from platforms import Platform
from sqlalchemy import select, update

from hub.hub import Hub
from hub.ocpi.document import Party
from hub.ocpi.errors import NotExpressible
from hub.ocpi.module import Role
from hub.prices.shown import readers
from hub.store.deliveries import deliveries
from hub.sync import sender
from hub.sync.claiming import Mark
from hub.sync.peer import Request

OWNER = Party("NL", "CPO")
Connect = Callable[..., Platform]
READERS = {"A": Party("DE", "AAA"), "B": Party("FR", "BBB"), "C": Party("BE", "CCC")}

DATED = ("type", "start_date_time", "end_date_time", "min_price", "max_price")


def component(price: str = "0.30") -> Json:
    return {"type": "ENERGY", "price": Decimal(price), "step_size": 1}


@dataclass
class Scene:
    """One CPO in `cpo_version`, and the eMSPs A, B and C in one version each."""

    cpo: Platform
    emsps: dict[str, Platform]

    @property
    def hub(self) -> Hub:
        return self.cpo.hub

    @classmethod
    def made(
        cls, connect: Connect, versions: str = "2.1.1 2.2.1 2.3.0", cpo_version: str = "2.2.1"
    ) -> "Scene":
        cpo = connect("NL/CPO", Role.CPO, cpo_version)
        named = zip(READERS.items(), versions.split(), strict=True)
        emsps = {name: connect(str(party), Role.EMSP, version) for (name, party), version in named}
        return cls(cpo, emsps)

    def tariff(self, identity: str, **changes: Any) -> Json:
        simple = {"elements": [{"price_components": [component()]}], **dict.fromkeys(DATED)}
        body = example(self.cpo.version, "tariffs", **{"id": identity} | simple | changes)
        assert self.cpo.put(f"tariffs/NL/CPO/{identity}", body).status_code in (200, 201)
        return body

    def location(self, identity: str, *tariff_ids: str, **changes: Any) -> Json:
        """One EVSE E1, one connector 1, which names these tariffs."""
        version = self.cpo.version
        named = {"tariff_id": tariff_ids[0]} if version == "2.1.1" else {"tariff_ids": list(tariff_ids)}
        connector = example(version, "connectors", id="1", **named)
        evse = example(version, "evses", uid="E1", connectors=[connector])
        body = example(version, "locations", **{"id": identity, "evses": [evse]} | changes)
        assert self.cpo.put(f"locations/NL/CPO/{identity}", body).status_code in (200, 201)
        return body

    def restrict(self, key: str, *names: str) -> None:
        with self.hub.store.unit() as unit:
            readers.restrict(unit, OWNER, key, [READERS[name] for name in names])

    def ids(self, name: str, module: str, query: str = "") -> list[str]:
        return [body["id"] for body in self.emsps[name].pulled(module, query)]

    def named(self, name: str, query: str = "") -> dict[str, list[str]]:
        """Location -> the tariffs that its one connector names, as an eMSP pulls it."""
        return {body["id"]: ids_of(body) for body in self.emsps[name].pulled("locations", query)}

    def owed(self, name: str, module: str) -> list[Request | str]:
        """What the eMSP would be sent now, in order; the reason where it is nothing. It is then done."""
        return list(self._owed(self.emsps[name].id, module))

    def _owed(self, partner: int, module: str) -> Iterator[Request | str]:
        mine = [
            deliveries.c.partner_id == partner,
            deliveries.c.module == module,
            deliveries.c.state == "due",
        ]
        with self.hub.store.unit() as unit:
            rows = list(
                unit.connection.execute(select(deliveries).where(*mine).order_by(deliveries.c.document))
            )
            unit.connection.execute(update(deliveries).where(*mine).values(state="done"))
        for row in rows:
            mark = Mark(row.id, partner, module, row.document, row.wanted_rev, 1, False, None, "", 0)
            with self.hub.store.reading() as unit:
                try:
                    yield sender.pack(self.hub, unit, mark).request
                except NotExpressible as reason:
                    yield str(reason)

    def settle(self) -> None:
        """Everybody has what he was owed."""
        with self.hub.store.unit() as unit:
            unit.connection.execute(update(deliveries).values(state="done"))


def ids_of(location: Json) -> list[str]:
    connector = location["evses"][0]["connectors"][0]
    return list(connector.get("tariff_ids") or filter(None, [connector.get("tariff_id")]))

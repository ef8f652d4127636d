"""What partners are owed and what they refused, and how it is tried again."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import ColumnElement, Row, and_, or_, select

from hub.ocpi.document import Json
from hub.ocpi.modules import MODULES
from hub.operator.call import Call
from hub.operator.fields import (
    MAYBE,
    Because,
    Instant,
    ListQuery,
    PartyField,
    identity,
    listed,
    sorting,
    word,
)
from hub.operator.paging import Listing
from hub.operator.problems import Conflict, NotFound, Unfit
from hub.operator.section import ID, Section
from hub.store import attempts
from hub.store.deliveries import deliveries as table
from hub.store.documents import TABLES
from hub.store.parties import partners
from hub.sync import watching
from hub.sync.outcomes import DONE, Outcome
from hub.sync.watching import Filter, Owed

section = Section("deliveries", "What partners are owed; with `state=dead`, what they have refused for good.")

ONE = f"/deliveries/<int(max={ID}):delivery_id>"
MOST_ATTEMPTS = 100
OUTCOMES = tuple(each.value for each in Outcome)


class DeliverySchema(Schema):
    id = fields.Integer(required=True)
    partner = fields.String(required=True)
    module = fields.String(required=True)
    owner = PartyField(required=True)
    object_id = fields.String(required=True)
    state = word(*watching.STATES, required=True)
    attempts = fields.Integer(required=True)
    wanted_rev = fields.Integer(required=True)
    acked_rev = fields.Integer(**MAYBE)
    owed_at = Instant(required=True)
    next_at = Instant(required=True)
    done_at = Instant(**MAYBE)
    http = fields.Integer(**MAYBE, metadata={"description": "What was answered last."})
    ocpi = fields.Integer(**MAYBE)
    reason = fields.String(**MAYBE, metadata={"description": "How the last try ended."})
    ambiguous = fields.Boolean(required=True, metadata={"description": "A try may have arrived."})
    error = fields.String(**MAYBE)


class AttemptSchema(Schema):
    number = fields.Integer(required=True)
    rev = fields.Integer(**MAYBE)
    at = Instant(required=True)
    millis = fields.Integer(required=True)
    outcome = fields.String(required=True)
    http = fields.Integer(**MAYBE)
    ocpi = fields.Integer(**MAYBE)
    answer = fields.String(**MAYBE)
    correlation_id = fields.String(**MAYBE)


class DeliveryDetails(DeliverySchema):
    tries = fields.List(fields.Nested(AttemptSchema), required=True)


class Chosen(Schema):
    """Which deliveries."""

    partner = identity(metadata={"description": "Those to the partner with this id."})
    module = word(*MODULES)
    since = Instant(metadata={"description": "Those that are so since then, or later."})


class DeliveryQuery(ListQuery, Chosen):
    sort = sorting("-id", "owed_at", "next_at")
    reason = word(*OUTCOMES, metadata={"description": "Those whose last try ended so."})
    state = word(*watching.STATES)


class Replay(Because, Chosen):
    outcome = word(*OUTCOMES, metadata={"description": "Those whose last try ended so."})
    done = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Send again what the partner has confirmed: it has lost its data."},
    )
    everything = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "All that waits: needed when nothing else says which."},
    )


class Count(Schema):
    count = fields.Integer(required=True)


def visible(call: Call) -> list[ColumnElement[bool]]:
    """A bound user sees what became of its own party's objects, whoever gets them."""
    if call.only is None:
        return []
    own = [and_(table.c.module == name, table.c.document.in_(owned(name, call.only.code))) for name in TABLES]
    return [or_(*own)]


def owned(module: str, code: str) -> Any:
    objects = TABLES[module]
    return select(objects.c.seq).where(objects.c.owner == code)


@section.get("/deliveries", "list", query=DeliveryQuery, answers=listed(DeliverySchema))
def list_(call: Call) -> Listing:
    """List deliveries: to whom, of what, in which state, and what was answered last."""
    names = ("partner", "module", "state", "reason", "since")
    asked = Filter(**{name: call.query.get(name) for name in names})
    joined = table.join(partners, partners.c.id == table.c.partner_id)
    query = select(*table.c, partners.c.name.label("partner")).select_from(joined)

    def of_row(row: Row[Any]) -> Json:
        return told(watching.owed(call.unit, row))

    sorts = {name: table.c[name] for name in ("owed_at", "next_at")}
    return Listing(query.where(*asked.conditions, *visible(call)), of_row, table.c.id, sorts)


@section.get(ONE, "show", answers=DeliveryDetails)
def show(call: Call, delivery_id: int) -> Json:
    """Show one delivery, and its last tries."""
    tries = attempts.of_delivery(call.unit, known(call, delivery_id).id, MOST_ATTEMPTS)
    names = AttemptSchema().fields
    return told(known(call, delivery_id)) | {
        "tries": [{name: getattr(each, name) for name in names} for each in tries]
    }


def told(owed: Owed) -> Json:
    return {name: getattr(owed, name) for name in DeliverySchema().fields}


@section.post(f"{ONE}/replay", "replay", takes=Because, answers=DeliveryDetails)
def replay(call: Call, delivery_id: int) -> Json:
    """Have one delivery tried at once, as if for the first time."""
    before = known(call, delivery_id)
    if not watching.replay_one(call.unit, delivery_id):
        raise Conflict(f"The delivery is {before.state}.", remedy="There is nothing to try again.")
    after = known(call, delivery_id)
    call.record("replay", f"delivery/{delivery_id}", {"state": before.state}, {"state": after.state})
    return show(call, delivery_id)


@section.post("/deliveries/replay", "replay-many", takes=Replay, answers=Count)
def replay_many(call: Call) -> Json:
    """Have many deliveries tried at once: those that wait, were given up or withheld, as far as chosen.

    The present state of each object is sent, whatever it was then.
    """
    chosen = {name: call.body[name] for name in (*Chosen().fields, "outcome") if name in call.body}
    if bool(chosen) == call.body["everything"]:
        fault = "say either which ones, or everything"
        raise Unfit("It is not clear which deliveries are meant.", fields={"everything": fault})
    which = {"reason" if name == "outcome" else name: value for name, value in chosen.items()}
    asked = Filter(**which, state=DONE if call.body["done"] else None)
    count = watching.replay(call.unit, asked, *visible(call))
    call.record("replay", "deliveries", None, {name: str(value) for name, value in chosen.items()})
    return {"count": count}


def known(call: Call, delivery_id: int) -> Owed:
    wanted = [table.c.id == delivery_id, *visible(call)]
    found = next(iter(watching.matching(call.unit, wanted, 1)), None)
    if found is None:
        raise NotFound(f"There is no delivery {delivery_id}.", remedy="GET /api/v1/deliveries lists them.")
    return found

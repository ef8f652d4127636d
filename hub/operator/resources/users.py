"""Who may use this API: users, their roles, and the tokens that open it."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Row, select

from hub.ocpi.document import Json
from hub.operator import people
from hub.operator.call import Call
from hub.operator.fields import Because, Instant, ListQuery, PartyField, identity, line, listed, sorting, word
from hub.operator.paging import Listing
from hub.operator.people import MOST_DAYS, USUAL_DAYS, Token, User
from hub.operator.roles import Role
from hub.operator.section import ID, Located, Section
from hub.store.operators import api_tokens, users

section = Section("users", "Who may use this API, and the tokens that open it.")

ONE = f"/users/<int(max={ID}):user_id>"
TOKEN = f"/tokens/<int(max={ID}):token_id>"
ROLES = tuple(role.value for role in Role)


class UserSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    role = word(*ROLES, required=True)
    party = PartyField(
        required=True, allow_none=True, metadata={"description": "The one whose objects it sees; null: all."}
    )
    created_at = Instant(required=True)
    changed_at = Instant(required=True)
    disabled_at = Instant(required=True, allow_none=True)


class NewUser(Because):
    name = fields.String(required=True, validate=validate.Regexp(people.NAME, error=people.NO_NAME))
    role = word(*ROLES, required=True)
    party = PartyField(load_default=None, allow_none=True)


class UserChanges(Because):
    role = word(*ROLES)
    party = PartyField(allow_none=True)
    disabled = fields.Boolean(truthy={True}, falsy={False})


class UserQuery(ListQuery):
    sort = sorting("id", "name")
    role = word(*ROLES)


class TokenSchema(Schema):
    id = fields.Integer(required=True)
    user = fields.String(required=True)
    name = fields.String(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    revoked_at = Instant(required=True, allow_none=True)
    last_used_at = Instant(required=True, allow_none=True, metadata={"description": "Within a minute."})


class NewToken(Because):
    name = line(100, required=True, metadata={"description": "What it is for."})
    days = fields.Integer(
        strict=True,
        load_default=USUAL_DAYS,
        validate=validate.Range(1, MOST_DAYS),
        metadata={"description": "How long it holds."},
    )


class IssuedToken(TokenSchema):
    token = fields.String(
        required=True, allow_none=True, metadata={"description": "Shown this once, and kept nowhere."}
    )


class TokenQuery(ListQuery):
    sort = sorting("id", "expires_at")
    user = identity(metadata={"description": "Only those of the user with this id."})


def told(user: User) -> Json:
    return {name: getattr(user, name) for name in User.__annotations__}


def of_token(token: Token) -> Json:
    return {name: getattr(token, name) for name in Token.__annotations__}


@section.get("/users", "list", query=UserQuery, answers=listed(UserSchema))
def list_(call: Call) -> Listing:
    """List the users."""
    wanted = [users.c.role == call.query["role"]] if "role" in call.query else []

    def of_row(row: Row[Any]) -> Json:
        return told(people.user_of(row))

    return Listing(select(users).where(*wanted), of_row, users.c.id, {"name": users.c.name})


@section.post("/users", "create", takes=NewUser, answers=UserSchema, status=201)
def create(call: Call) -> Located:
    """Make a user. It has no token yet."""
    new = people.NewUser(call.body["name"], Role(call.body["role"]), call.body["party"])
    user = people.add(call.unit, call.actor, new, call.reason)
    return Located(told(user), f"/api/v1/users/{user.id}")


@section.get(ONE, "show", answers=UserSchema)
def show(call: Call, user_id: int) -> Json:
    """Show a user."""
    return told(people.by_id(call.unit, user_id))


@section.patch(ONE, "change", takes=UserChanges, answers=UserSchema, current=show)
def change(call: Call, user_id: int) -> Json:
    """Give a user another role or party, or disable it: its tokens open nothing then."""
    user, wanted = people.by_id(call.unit, user_id), call.body
    values: dict[str, Any] = {}
    if "role" in wanted:
        values["role"] = Role(wanted["role"])
    if "party" in wanted:
        values["party"] = wanted["party"]
    if "disabled" in wanted:
        values["disabled_at"] = (user.disabled_at or call.unit.now) if wanted["disabled"] else None
    return told(people.change(call.unit, call.actor, user, call.reason, **values))


@section.get("/tokens", "tokens", query=TokenQuery, answers=listed(TokenSchema))
def tokens(call: Call) -> Listing:
    """List the tokens: whose each is, until when it holds, and when it was used last."""
    wanted = [api_tokens.c.user_id == call.query["user"]] if "user" in call.query else []

    def of_row(row: Row[Any]) -> Json:
        return of_token(people.token_of(row))

    sorts = {"expires_at": api_tokens.c.expires_at}
    return Listing(people.TOKENS.where(*wanted), of_row, api_tokens.c.id, sorts)


@section.post(
    f"{ONE}/tokens", "create-token", takes=NewToken, answers=IssuedToken, status=201, shown=("token",)
)
def create_token(call: Call, user_id: int) -> Located:
    """Make a token. What is to be sent as bearer is shown in this answer, and never again."""
    user = people.by_id(call.unit, user_id)
    new = people.NewToken(call.body["name"], call.body["days"])
    token, secret = people.issue(call.unit, call.actor, user, new, call.reason)
    return Located(of_token(token) | {"token": secret}, f"/api/v1/tokens/{token.id}")


@section.get(TOKEN, "token", answers=TokenSchema)
def token(call: Call, token_id: int) -> Json:
    """Show a token, without what opens anything."""
    return of_token(people.token_by_id(call.unit, token_id))


@section.post(f"{TOKEN}/revoke", "revoke-token", takes=Because, answers=TokenSchema, current=token)
def revoke_token(call: Call, token_id: int) -> Json:
    """Have a token open nothing from now on."""
    present = people.token_by_id(call.unit, token_id)
    return of_token(people.revoke(call.unit, call.actor, present, call.reason))

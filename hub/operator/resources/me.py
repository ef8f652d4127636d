"""Who the caller is: for tools that want to know what their token may do."""

from marshmallow import Schema, fields

from hub.ocpi.document import Json
from hub.operator.call import Call
from hub.operator.fields import Instant
from hub.operator.roles import PERMISSIONS
from hub.operator.section import Section

section = Section("me", "Whose token this is, and what it may do.")


class Me(Schema):
    user = fields.String(required=True)
    role = fields.String(required=True)
    party = fields.String(required=True, allow_none=True)
    token = fields.String(required=True)
    expires_at = Instant(required=True)
    may = fields.List(fields.String(), required=True)


@section.get("/me", "show", answers=Me)
def show(call: Call) -> Json:
    """Tell whose token this is, until when it holds, and which operations it opens."""
    user, token = call.user, call.bearer.token
    return {
        "user": user.name,
        "role": str(user.role),
        "party": user.party and str(user.party),
        "token": token.name,
        "expires_at": token.expires_at,
        "may": [
            name
            for name, permission in PERMISSIONS.items()
            if user.role in permission.roles and (user.party is None or permission.bound)
        ],
    }

"""Puts the operators' API together: an application of its own, which `hub.app` mounts at /api."""

from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields, validate

from hub.hub import Hub
from hub.operator import admission, docs, refusals
from hub.operator.fields import Anything, Exactly, Instant, Money, PartyField
from hub.operator.resources import SECTIONS

ABOUT = """Everything that an operator of the hub sees and changes.

**Tokens.** `hub user add`, then `hub token create`; send `Authorization: Bearer TOKEN`. A user has a role;
one who is bound to a party sees what is that party's, and nothing else.

**Refusals** are `application/problem+json`: what is wrong in `detail` and, field by field, in `fields`; what
to do in `remedy`.

**Lists** take `limit`, `after` (the `next` of the page before), `sort` and filters.

**Changes** of one thing (PUT, PATCH, DELETE) need `If-Match` with the ETag of the answer in which it was
read: 428 without, 412 when it has changed since. Every POST takes an `Idempotency-Key`: repeated with the
same key within a day it is not done again, and answered as the first time.

**Long work** is answered with 202 and a job: see `/jobs/{id}` for how far it is and what came out of it. Its
files are kept for a week.

**Writing.** Instants are RFC 3339 in UTC; money is a string beside its currency.
"""


class ProblemSchema(Schema):
    """A refusal, as RFC 9457 has it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    remedy = fields.String(required=True)
    request_id = fields.String(required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.String(), attribute="fields", data_key="fields")


class Described(Api):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest without its own answers to errors, which `hub.operator.refusals` gives."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_RESPONSE_CONTENT_TYPE = "application/json"

    def _register_error_handlers(self) -> None:
        """None."""


def create_api(hub: Hub, noted_as: str | None = None) -> Flask:
    """The application; `noted_as` names what of the WSGI environment tells others of the running request."""
    app = Flask("hub.operator", static_folder=None)
    app.extensions["hub"] = hub
    app.config.update(
        NOTED_AS=noted_as,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        API_TITLE="The operators' API of an OCPI hub",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.register_error_handler(Exception, refusals.answer)
    app.before_request(admission.remember)
    app.before_request(admission.admit)
    app.after_request(admission.sign)
    app.register_blueprint(docs.blueprint)
    app.extensions["openapi"] = document_of(app)
    return app


def document_of(app: Flask) -> dict[str, Any]:
    """Registers every section, and returns what they say of themselves together."""
    api = Described(app, spec_kwargs={"info": {"description": ABOUT}, "servers": [{"url": "/api"}]})
    api.register_field(Instant, "string", "date-time")
    api.register_field(Money, "string", None)
    api.register_field(PartyField, "string", None)
    api.register_field(Anything, "object", None)
    api.register_field(Exactly, "object", None)
    api.ma_plugin.converter.add_attribute_function(patterns)
    for section in SECTIONS:
        api.register_blueprint(section.blueprint, url_prefix="/v1")
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.spec.options["security"] = [{"token": []}]
    document: dict[str, Any] = api.spec.to_dict()
    return as_problems(document)


def patterns(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """How texts are written, in the regular expressions of JSON Schema, which have another end and may begin
    anywhere."""
    if isinstance(field, PartyField):
        return {"pattern": PARTY_PATTERN, "example": "NL/EXA"}
    found = [str(each.regex.pattern) for each in field.validators if isinstance(each, validate.Regexp)]
    return {"pattern": f"^{found[0].removesuffix(END)}$"} if found else {}


END = r"\Z"
PARTY_PATTERN = "^[A-Za-z]{2}/[A-Za-z0-9]{3}$"


def as_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The refusals of a document of flask-smorest are problems in their own media type."""
    for response in document["components"].get("responses", {}).values():
        content = response.get("content", {})
        if "application/json" in content:
            content[refusals.MEDIA_TYPE] = content.pop("application/json")
    return document

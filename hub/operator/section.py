"""One part of the API: its operations, each from its permission to its documented answer."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema

from hub.hub import Hub
from hub.ocpi import strictjson
from hub.ocpi.document import Json
from hub.operator import etags, paging, sending
from hub.operator.call import Call
from hub.operator.fields import Because, Nothing
from hub.operator.paging import Listing
from hub.operator.reading import PARSER, sent
from hub.operator.repeating import Answer, Repeatable
from hub.operator.roles import PERMISSIONS, Permission
from hub.store.unit import Unit

View = Callable[..., Any]
F = TypeVar("F", bound=View)
ID = 2**53 - 1
"""For paths: `<int(max=9007199254740991):user_id>`; larger numbers are no ids, and no database holds them."""
BINARY = {"type": "string", "format": "binary"}
SENT_AS: Mapping[str, Json] = {"application/json": {"type": "object"}}
"""How the document describes what is sent, by its media type; all else is bytes to it."""
KEY_HEADER, MATCH_HEADER = "Idempotency-Key", "If-Match"


class Documented(Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """A blueprint of flask-smorest that reads strictly."""

    ARGUMENTS_PARSER = PARSER


@dataclass(frozen=True)
class Operation:
    """One operation, as its section declares it.

    current   for changes: the view that tells the present state, whose ETag is If-Match
    shown     the names of fields of the answer that are shown this once only
    asks      a POST that only asks: what is asked for is too much for a query string
    sends     for a GET that answers with a `hub.operator.sending.Download`: its media types
    records   a GET that leaves an event in the audit trail
    """

    name: str
    method: str
    rule: str
    view: View
    permission: Permission
    answers: type[Schema] | None = None
    query: type[Schema] = Nothing
    takes: type[Schema] | None = None
    status: int = 200
    current: View | None = None
    shown: Collection[str] = ()
    asks: bool = False
    sends: Collection[str] = ()
    records: bool = False

    @property
    def changes(self) -> bool:
        return self.method != "GET" and not self.asks

    @property
    def needs_match(self) -> bool:
        return self.method in ("PUT", "PATCH", "DELETE")

    def __call__(self, query: Mapping[str, Any], body: Json | None = None, **path: Any) -> Response:
        """The answer to the running request, whose user has been let in."""
        hub: Hub = current_app.extensions["hub"]
        given = dict(query)
        body = dict(body or {})
        reason = why(self.takes, body) or why(self.query, given)

        def call(unit: Unit) -> Call:
            return Call(hub, unit, g.bearer, g.exchange.request_id, given, body, reason)

        if not self.changes:
            with hub.store.unit() if self.records else hub.store.reading() as unit:
                if self.sends:
                    return sending.response_of(self.view(call(unit), **path))
                return self.shown_to(self.answered(call(unit), path))
        with hub.store.unit() as unit:
            return response_of(self.done(call(unit), path))

    def done(self, call: Call, path: Mapping[str, Any]) -> Answer:
        """A change, once for each Idempotency-Key."""
        key = request.headers.get(KEY_HEADER) if self.method == "POST" else None
        once = None if key is None else repeatable(call, key)
        earlier = None if once is None else once.earlier(call.unit)
        if earlier is not None:
            return Answer(earlier.status, earlier.body, {**earlier.headers, "Idempotent-Replayed": "true"})
        self.check_match(call, path)
        answer = self.answered(call, path)
        if once is not None:
            once.keep(call.unit, answer, self.shown)
        return answer

    def check_match(self, call: Call, path: Mapping[str, Any]) -> None:
        if self.current is None:
            return
        etags.lock(call.unit, f"{self.current.__module__} {sorted(path.items())}")
        present = self.body_of(self.current(call, **path))
        etags.check(request.headers.get(MATCH_HEADER), etags.of(present), needed=self.needs_match)

    def answered(self, call: Call, path: Mapping[str, Any]) -> Answer:
        found = self.view(call, **path)
        if isinstance(found, Listing):
            return Answer(self.status, self.body_of(paging.page(call.unit, found, call.query)), {})
        headers: dict[str, str] = {}
        if isinstance(found, Located):
            headers["Location"], found = found.url, found.told
        if self.answers is None:
            return Answer(204, b"", headers)
        body = self.body_of(found)
        return Answer(self.status, body, headers | {"ETag": etags.of(body)})

    def body_of(self, found: Any) -> bytes:
        assert self.answers is not None
        return strictjson.write(self.answers().dump(found))

    def shown_to(self, answer: Answer) -> Response:
        tag = answer.headers.get("ETag")
        if tag and etags.is_unchanged(request.headers.get("If-None-Match"), tag):
            return Response(status=304, headers={"ETag": tag})
        return response_of(answer)


def why(schema: type[Schema] | None, given: Json) -> str | None:
    """The reason for the audit trail, which is taken out; in other schemas `reason` is what they say."""
    if schema is None or not issubclass(schema, Because):
        return None
    reason: str | None = given.pop("reason", None)
    return reason


def repeatable(call: Call, key: str) -> Repeatable:
    """The running request under its key. Who is bound to a party since is not answered what it saw before."""
    seen = "" if call.only is None else call.only.code
    asked = (seen.encode(), request.method.encode(), request.full_path.encode(), sent(request))
    return Repeatable.of(call.user.id, key, *asked)


@dataclass(frozen=True, slots=True)
class Located:
    """An answer that has, or will have, an address of its own."""

    told: Json
    url: str


def response_of(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, headers=dict(answer.headers))
    if answer.body:
        response.mimetype = "application/json"
    else:
        response.headers.pop("Content-Type", None)
    return response


@dataclass
class Section:
    """A tag of the documentation: what its operations are about, in one sentence.

    Its methods declare an operation, as the package's docstring shows. The names of the section and of the
    operation are together the name of its row in `hub.operator.roles.PERMISSIONS`.
    """

    name: str
    about: str
    operations: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.blueprint = Documented(self.name, __name__, description=self.about)

    def get(self, rule: str, name: str, **options: Any) -> Callable[[F], F]:
        return self.operation("GET", rule, name, options)

    def post(self, rule: str, name: str, **options: Any) -> Callable[[F], F]:
        return self.operation("POST", rule, name, options)

    def put(self, rule: str, name: str, **options: Any) -> Callable[[F], F]:
        return self.operation("PUT", rule, name, options)

    def patch(self, rule: str, name: str, **options: Any) -> Callable[[F], F]:
        return self.operation("PATCH", rule, name, options)

    def delete(self, rule: str, name: str, **options: Any) -> Callable[[F], F]:
        return self.operation("DELETE", rule, name, options)

    def operation(self, method: str, rule: str, name: str, options: Mapping[str, Any]) -> Callable[[F], F]:
        """answers, query, takes: schemas; answers=None is 204; the others: see `Operation`."""
        full = f"{self.name}.{name}"

        def declared(view: F) -> F:
            made = Operation(full, method, rule, view, PERMISSIONS[full], **options)
            self.operations.append(made)
            self.serve(made, name)
            return view

        return declared

    def serve(self, made: Operation, name: str) -> None:
        """Register it with what flask-smorest needs to document it."""

        def function(*arguments: Any, **path: Any) -> Response:
            return made(*arguments, **path)

        function.__doc__ = made.view.__doc__
        function.__name__ = name
        wrapped: Any = function
        for media_type in made.sends:
            schema = SENT_AS.get(media_type, BINARY)
            wrapped = self.blueprint.response(200, schema, content_type=media_type)(wrapped)
        if not made.sends:
            wrapped = self.blueprint.response(made.status if made.answers else 204, made.answers)(wrapped)
        if made.takes is not None:
            wrapped = self.blueprint.arguments(made.takes, location="json")(wrapped)
        wrapped = self.blueprint.arguments(made.query, location="query")(wrapped)
        wrapped = self.blueprint.doc(**described(made))(wrapped)
        self.blueprint.route(made.rule, methods=[made.method], endpoint=name)(wrapped)


def described(made: Operation) -> dict[str, Any]:
    """What the documentation says besides its schemas: who may, and which headers count."""
    who = ", ".join(sorted(made.permission.roles))
    bound = "" if made.permission.bound else " Not for users who are bound to one party."
    repeats = made.method == "POST" and made.changes
    parameters = [header(KEY_HEADER, "Repeats are done once.", pattern=PRINTABLE)] if repeats else []
    if made.current is not None:
        say = "The ETag of the state that is to be changed."
        parameters.append(header(MATCH_HEADER, say, required=made.needs_match))
    return {
        "operationId": made.name,
        "description": f"{first_lines(made.view)}\n\nRoles: {who}.{bound}".strip(),
        "parameters": parameters,
    }


def first_lines(view: View) -> str:
    return "\n".join(line.strip() for line in (view.__doc__ or "").strip().splitlines())


PRINTABLE = "^[ -~]{1,200}$"


def header(name: str, about: str, *, required: bool = False, **more: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 200, **more}
    return {"in": "header", "name": name, "description": about, "required": required, "schema": schema}

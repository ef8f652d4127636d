"""The documentation of the API in itself: a page that works without any other host, and what it shows."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, current_app
from swagger_ui_bundle import swagger_ui_path

from hub.ocpi import strictjson
from hub.operator.problems import PREFIX, PROBLEMS, NotFound

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No other host, nothing inline: Swagger UI sets the styles of its elements one by one, which is none."""
FILES: Mapping[str, str] = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
"""Those that the page needs, with their types; no other file can be asked for."""
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>The operators' API of this OCPI hub</title>
<link rel="stylesheet" href="{PREFIX}/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="{PREFIX}/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{PREFIX}/docs/swagger-ui-bundle.js"></script>
<script src="{PREFIX}/docs/begin.js"></script>
</body>
</html>
"""
BEGIN = f"""window.ui = SwaggerUIBundle({{
  url: "{PREFIX}/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
}});
"""

blueprint = Blueprint("docs", __name__, url_prefix="/v1")


@blueprint.get("/docs")
def page() -> Response:
    return Response(PAGE, mimetype="text/html", headers=headers())


@blueprint.get("/docs/<name>")
def file(name: str) -> Response:
    if name == "begin.js":
        return Response(BEGIN, mimetype="text/javascript", headers=headers())
    if name not in FILES:
        raise NotFound(f"There is no file {name!r} of the documentation.")
    kept = headers() | {"Cache-Control": "public, max-age=3600"}
    return Response(content_of(name), mimetype=FILES[name], headers=kept)


@cache
def content_of(name: str) -> bytes:
    """Of one of the files."""
    return (swagger_ui_path / name).read_bytes()  # type: ignore[no-any-return]


@blueprint.get("/openapi.json")
def document() -> Response:
    spec: Mapping[str, Any] = current_app.extensions["openapi"]
    return Response(strictjson.write(spec), mimetype="application/json")


@blueprint.get("/problems")
def problem_list() -> Response:
    return Response(strictjson.write([meaning(slug) for slug in PROBLEMS]), mimetype="application/json")


@blueprint.get("/problems/<slug>")
def problem(slug: str) -> Response:
    """What the `type` of a refusal points to."""
    if slug not in PROBLEMS:
        raise NotFound(f"There is no problem {slug!r}.", remedy=f"See {PREFIX}/problems.")
    return Response(strictjson.write(meaning(slug)), mimetype="application/json")


def meaning(slug: str) -> dict[str, Any]:
    kind = PROBLEMS[slug]
    told = {"title": kind.title(), "status": kind.status, "remedy": kind.remedy}
    return {"type": f"{PREFIX}/problems/{slug}", **told}


def headers() -> dict[str, str]:
    return {"Content-Security-Policy": CONTENT_SECURITY, "Referrer-Policy": "no-referrer"}

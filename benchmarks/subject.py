"""The servers that are measured, each a process of its own: the hub, and an empty Flask endpoint beside it.

python -m benchmarks.subject empty PORT
python -m benchmarks.subject hub PORT         (settings from the environment)
"""

import sys

from flask import Flask, Response

from hub.app import create_app
from hub.cli.server import Server, listening
from hub.settings import Settings

EMPTY = b'{"status_code":1000}'


def empty() -> Flask:
    """The least that Flask can do: one route, no checks, a ready body."""
    app = Flask("empty", static_folder=None)

    @app.route("/", methods=["GET", "PUT", "POST", "PATCH"])
    def nothing() -> Response:
        return Response(EMPTY, mimetype="application/json")

    return app


def main(kind: str, port: str) -> None:
    """Serve as `hub serve` does, without the background work."""
    app = empty() if kind == "empty" else create_app(Settings.from_environment())
    Server(app, listening("127.0.0.1", int(port))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])

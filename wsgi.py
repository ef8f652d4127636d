"""All that a WSGI server needs: `gunicorn wsgi:app`, with `hub worker` beside it."""

from hub.app import create_app

app = create_app()

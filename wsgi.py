"""All that a WSGI server needs: `gunicorn wsgi:app`, with `hub worker` beside it."""

from hub.api import watch
from hub.app import create_app
from hub.observing import logs
from hub.settings import Settings

settings = Settings.from_environment()
logs.begin(settings.log_format, watch.identify)
app = create_app(settings)

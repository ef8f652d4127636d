"""What Alembic runs: the revisions, in the transaction that was opened for them."""

from alembic import context
from sqlalchemy import Connection

from hub.settings import Settings
from hub.store.schema import metadata
from migrations import exclusive


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:  # the `alembic` command, as a developer runs it
    with exclusive(Settings.from_environment().database_url) as opened:
        run(opened)

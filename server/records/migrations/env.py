"""What Alembic runs for every migration: the steps, on the connection it was given."""

from alembic import context

from esapr.server.records.schema import Tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Tables.metadata,
    transactional_ddl=True,
)
context.run_migrations()

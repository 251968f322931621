"""Alembic's entry: runs the migrations on the connection that bot.store.schema hands over."""

from alembic import context

from bot.store.case_tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with connection.begin():
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261122)")  # one upgrade at a time
    context.run_migrations()

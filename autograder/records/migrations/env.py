"""Run the migrations on the connection that `autograder.records.migrate` hands over."""

from alembic import context

from autograder.records.schema import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()

"""Run migrations on the connection handed over, inside the transaction it is in."""

from alembic import context

from service.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()

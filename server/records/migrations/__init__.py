"""The steps from one schema of the records to the next, run by Alembic."""

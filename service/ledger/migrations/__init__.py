"""Schema history of the ledger, run by service.ledger.migrate."""

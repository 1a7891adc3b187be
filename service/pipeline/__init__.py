"""What happens to a batch between the source and the ledger: one code path for every source."""

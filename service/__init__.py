"""Penumbra at work: worker, relay, ledger, rules, API and the command line."""

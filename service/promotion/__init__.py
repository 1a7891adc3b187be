"""Promotion: from the evidence of a shadow period to another champion, by two people's signatures.

It changes which bundle is champion in Penumbra and publishes a recommendation; no payment is
decided by it.
"""

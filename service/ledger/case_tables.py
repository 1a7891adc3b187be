"""Tables of the people who work on alerts: who they are, their cases, what they said and did.

They stand beside those of `tables.py`. Rows change only here: `users`, `sessions` and
`sign_in_failures` (all), `cases` (all but its id and customer), `dispositions` (state),
`deliveries` (state, attempts, due_ms, sent_ms, error). `audit` and `case_notes` are only ever
added to; the database itself refuses to change a row of `audit`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from service.ledger.tables import metadata

_Counted = BigInteger().with_variant(Integer, "sqlite")
"""An id that the database counts up."""

users = Table(
    "users",
    metadata,
    Column("username", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("sessions_expiry", "expires_ms"),
    Index("sessions_user", "username"),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("who", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("case_id", Text),
    Column("alert_id", Text),
    Column("customer_id", Text),
    Column("address", Text),
    Column("detail", Text),
    Index("audit_case", "case_id", "id"),
    Index("audit_customer", "customer_id", "id"),
    Index("audit_actor", "actor", "id"),
    sqlite_autoincrement=True,
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("customer_id", Text),
    Column("opened_ms", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("risk", SmallInteger, nullable=False),
    Column("riskiest", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("money_minor", BigInteger),
    Column("legacy", SmallInteger),
    Column("status", Text, nullable=False),
    Column("assignee", Text),
    Column("claimed_ms", BigInteger),
    Column("claim_until_ms", BigInteger),
    Column("escalated_by", Text),
    Column("escalated_ms", BigInteger),
    Column("disposition", Text),
    Column("reason_code", Text),
    Column("decided_by", Text),
    Column("decided_ms", BigInteger),
    Column("handling_ms", BigInteger),
    Index("cases_queue", "status", "risk"),
    Index("cases_customer", "customer_id", "last_ms"),
    Index("cases_decided", "decided_ms"),
)

case_alerts = Table(
    "case_alerts",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("alert_id", Text, nullable=False, unique=True),
    Column("case_id", Text, nullable=False),
    Index("case_alerts_case", "case_id"),
    sqlite_autoincrement=True,
)

case_links = Table(
    "case_links",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("case_id", Text, primary_key=True),
    Index("case_links_case", "case_id"),
)

case_notes = Table(
    "case_notes",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("case_notes_case", "case_id", "id"),
    sqlite_autoincrement=True,
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("disposition_id", Text, primary_key=True),
    Column("decision_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("note", Text),
    Column("fraud_type", Text),
    Column("source", Text, nullable=False),
    Column("external_case_id", Text),
    Column("decided_by", Text, nullable=False),
    Column("decided_ms", BigInteger, nullable=False),
    Column("effective_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("supersedes", Text),
    Index("dispositions_due", "state", "effective_ms"),
    Index("dispositions_decision", "decision_id"),
    Index("dispositions_case", "case_id"),
    Index("dispositions_alert", "alert_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Counted, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Column("error", Text),
    UniqueConstraint("kind", "channel", "subject_id", name="deliveries_once"),
    Index("deliveries_due", "state", "due_ms"),
    sqlite_autoincrement=True,
)

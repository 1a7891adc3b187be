"""What erasing a customer takes out of cases, of what was written about them, and of the log.

Cases and dispositions stay as counts and decisions; reasons, notes, links and references to
other tools go. The audit log keeps who did what and when; whom it was about becomes the stand-in,
the one change that the database lets through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from service.ledger.case_tables import audit, case_links, case_notes, cases, dispositions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def erase(
    connection: Connection, customer_id: str, renamed: Mapping[str, str], stand_in: str
) -> None:
    """Erase a customer from cases; `renamed` gives the stand-in of each transaction id."""
    mine = select(cases.c.case_id).where(cases.c.customer_id == customer_id)
    connection.execute(delete(case_links).where(case_links.c.case_id.in_(mine)))
    connection.execute(
        update(case_notes).where(case_notes.c.case_id.in_(mine)).values(text="erased")
    )
    for old, new in renamed.items():
        connection.execute(
            update(dispositions)
            .where(dispositions.c.transaction_id == old)
            .values(transaction_id=new, note=None, external_case_id=None)
        )
    connection.execute(
        update(cases)
        .where(cases.c.customer_id == customer_id)
        .values(customer_id=stand_in, reasons="[]")
    )
    connection.execute(
        update(audit)
        .where(audit.c.customer_id == customer_id)
        .values(customer_id=stand_in, detail=None)
    )

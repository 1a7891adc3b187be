"""Many rows at once, past SQLAlchemy: executemany on SQLite, COPY on PostgreSQL.

Inserting dictionaries through SQLAlchemy writes 39 thousand rows a second into SQLite, the
driver's executemany with tuples five times as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
from sqlalchemy import exc, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from service.ledger.columns import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection, Select, Table

Columns = Mapping[str, "NDArray[Any] | Iterable[Any] | None"]
"""Values by column name, all of one length; None or all None for a column left empty."""

VIOLATIONS = (exc.IntegrityError, psycopg.IntegrityError)
"""What either way of writing raises when a unique key is there already."""


def append(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows of new keys. Raises one of VIOLATIONS if a key exists."""
    names, rows = _rows(connection, columns)
    if not rows:
        return
    if _is_sqlite(connection):
        connection.exec_driver_sql(_insert(table, names), rows)
    else:
        _copy(connection, table.name, names, rows)


def append_new(connection: Connection, table: Table, columns: Columns) -> int:
    """Insert the rows whose keys are new, leave the others alone; return how many were new."""
    names, rows = _rows(connection, columns)
    if not rows:
        return 0
    if _is_sqlite(connection):
        statement = f"{_insert(table, names)} ON CONFLICT DO NOTHING"
        return connection.exec_driver_sql(statement, rows).rowcount
    # COPY knows no ON CONFLICT: into a table of this session first.
    incoming, listed = f"incoming_{table.name}", _listed(names)
    every = _listed([column.name for column in table.columns])
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS "
        f"SELECT {every}, 0::bigint AS nth FROM {table.name} WITH NO DATA"
    )
    connection.exec_driver_sql(f"TRUNCATE {incoming}")
    numbered = ((*row, nth) for nth, row in enumerate(rows))
    _copy(connection, incoming, (*names, "nth"), numbered)
    return connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {incoming} ORDER BY nth "
        "ON CONFLICT DO NOTHING"
    ).rowcount


def put(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows, in place of those that have their primary keys."""
    _upsert(connection, table, columns, "excluded.{name}")


def accumulate(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows, or add their numbers to those that have their primary keys."""
    _upsert(connection, table, columns, "{table}.{name} + excluded.{name}")


def _upsert(connection: Connection, table: Table, columns: Columns, becomes: str) -> None:
    names, rows = _rows(connection, columns)
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    rest = ", ".join(
        f'"{name}" = ' + becomes.format(table=table.name, name=f'"{name}"')
        for name in names
        if name not in key
    )
    mark = "?" if _is_sqlite(connection) else "%s"
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({_listed(names)}) VALUES ({', '.join([mark] * len(names))}) "
        f"ON CONFLICT ({_listed(key)}) DO UPDATE SET {rest}",
        rows,
    )


def fetch(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """Return the driver's own tuples: SQLAlchemy's rows cost more than finding them.

    Only for columns that both drivers give in the type they were written in (no booleans).
    """
    result = connection.execute(query)
    driver: Any = result.cursor
    rows: list[tuple[Any, ...]] = driver.fetchall()
    result.close()
    return rows


def by_ids(connection: Connection, query: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the driver's tuples of a query in SQL, whose `{among}` is "one of these ids".

    For what every commit asks: putting a statement together with SQLAlchemy takes longer than
    SQLite takes to answer it.
    """
    if not ids:
        return []
    sqlite = _is_sqlite(connection)
    asked = query.format(among="IN (SELECT value FROM json_each(?))" if sqlite else "= ANY(%s)")
    return _fetched(connection, asked, (json_text(list(ids)) if sqlite else list(ids),))


def rows(connection: Connection, query: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the driver's tuples of a query in SQL, whose parameters are written `?`."""
    asked = query if _is_sqlite(connection) else query.replace("?", "%s")
    return _fetched(connection, asked, tuple(given))


def _fetched(connection: Connection, query: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    result = connection.exec_driver_sql(query, given)
    driver: Any = result.cursor
    found: list[tuple[Any, ...]] = driver.fetchall()
    result.close()
    return found


def among(
    connection: Connection, column: ColumnElement[Any], ids: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that `column` is one of many ids, sent as one parameter."""
    if _is_sqlite(connection):
        given = func.json_each(json_text(list(ids))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == func.any(literal(list(ids), ARRAY(Text)))


def _rows(
    connection: Connection, columns: Columns
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    present: dict[str, Iterable[Any]] = {}
    for name, values in columns.items():
        if isinstance(values, np.ndarray):
            # sqlite3 adapts a bool as slowly as a user's own type, an int not at all.
            as_int = values.dtype == np.bool_ and _is_sqlite(connection)
            present[name] = (values.view(np.int8) if as_int else values).tolist()
        elif values is not None and not _all_missing(values):
            present[name] = values
    return tuple(present), list(zip(*present.values(), strict=True))


def _all_missing(values: Iterable[Any]) -> bool:
    # sqlite3 adapts each None too: a column of nothing else is left out of the statement.
    return isinstance(values, list) and values.count(None) == len(values)


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _insert(table: Table, names: Sequence[str]) -> str:
    return f"INSERT INTO {table.name} ({_listed(names)}) VALUES ({', '.join('?' * len(names))})"


def _copy(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    statement = f"COPY {table} ({_listed(names)}) FROM STDIN"
    driver: Any = connection.connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)

"""Records of a topic that is not in Penumbra's own form: any JSON objects, through a mapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import polars as pl

from models.mapping import Mapping
from models.mapping_file import LabelColumn, Source
from models.rejection import Reason, Rejection
from service.pipeline.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.intake import Intake
    from service.settings import Settings

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class ForeignTopic:
    """Decodes JSON objects through a mapping. A column "a.b" is the field b of the object a.

    Every value is read as its JSON text, so that what a record becomes does not depend on
    its neighbours in the batch; the mapping says which texts are numbers.
    """

    def __init__(self, mapping: Mapping, intake: Intake) -> None:
        self._mapping = mapping
        self._intake = intake
        self._columns = sorted(set(_columns(mapping)))
        customer = mapping.file.customer_id
        self._customer = None if customer is None else customer.column

    def arrivals(
        self,
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None],
        offsets: NDArray[np.int64] | None,
        *,
        now_ms: int,
    ) -> Arrivals:
        """Return the records as arrivals; those that are no JSON objects are refused.

        Where the mapping names a customer column, a record's key must be its value.
        """
        objects: list[dict[str, Any]] = []
        record: list[int] = []
        refused: list[Rejection] = []
        for number, (value, key) in enumerate(zip(values, keys, strict=True)):
            fault = self._fault(value, key)
            if isinstance(fault, dict):
                objects.append(fault)
                record.append(number)
            else:
                refused.append(replace(fault, record=number))
        place = np.array(record, np.int64)
        mapped = self._mapping.apply(self._frame(objects), intake=self._intake, now_ms=now_ms)
        refused += [replace(r, record=int(place[r.record])) for r in mapped.rejections]
        return Arrivals(
            transactions=mapped.transactions,
            record=place[mapped.record],
            rejections=tuple(refused),
            values=values,
            keys=keys,
            offsets=offsets,
            exempted=mapped.exempted,
        )

    def _fault(self, value: bytes | None, key: bytes | None) -> dict[str, Any] | Rejection:
        """Return the record's object, or why it is refused."""
        if not value:
            return Rejection(0, Reason.TOMBSTONE, "the record has no value")
        if len(value) > self._intake.max_record_bytes:
            limit = self._intake.max_record_bytes
            return Rejection(0, Reason.OVERSIZED, f"{len(value)} bytes, at most {limit} are taken")
        try:
            value.decode()
            found = _OBJECT.decode(value)
        except UnicodeDecodeError as error:
            return Rejection(0, Reason.NOT_UTF8, f"byte {error.start} is not UTF-8")
        except (msgspec.DecodeError, RecursionError) as error:
            return Rejection(0, Reason.MALFORMED_JSON, str(error))
        if self._customer is not None and key != (_text(_at(found, self._customer)) or "").encode():
            return Rejection(
                0,
                Reason.MISROUTED,
                f"the record's key is not its {self._customer}: produce with that key",
            )
        return found

    def _frame(self, objects: list[dict[str, Any]]) -> pl.DataFrame:
        columns = {
            name: pl.Series(name, [_text(_at(one, name)) for one in objects], pl.String)
            for name in self._columns
        }
        return pl.DataFrame(columns)


def foreign_topic(settings: Settings, intake: Intake) -> ForeignTopic | None:
    """Return the decoder of the mapping that the settings name, None where they name none.

    Raises MappingError.
    """
    if settings.mapping_path is None:
        return None
    key = settings.tokenisation_key
    secret = key.get_secret_value().encode() if key else None
    return ForeignTopic(Mapping.load(settings.mapping_path, secret), intake)


def _columns(mapping: Mapping) -> Iterator[str]:
    for name in type(mapping.file).model_fields:
        source = getattr(mapping.file, name)
        parts = source.values() if isinstance(source, dict) else (source,)
        for part in parts:
            if isinstance(part, Source) and part.column is not None:
                yield part.column
            elif isinstance(part, LabelColumn):
                continue  # labels come by their own topic


def _at(one: dict[str, Any], column: str) -> Any:
    if column in one or "." not in column:
        return one.get(column)
    outer, _, inner = column.partition(".")
    nested = one.get(outer)
    return _at(nested, inner) if isinstance(nested, dict) else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()

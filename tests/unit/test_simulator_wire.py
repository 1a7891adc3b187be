"""Frames as messages: what the product's own decoder makes of them."""

import json

import msgspec
import polars as pl
import pytest

from loadtest.simulator import Chunk, Simulation, SimulationConfig, keys, wire
from models.labels import Label
from models.transaction import Transaction


@pytest.fixture(scope="module")
def chunks() -> list[Chunk]:
    """Give some days of a small portfolio."""
    config = SimulationConfig(seed=2, customers=400, merchants=400, days=4, fraud_rate=0.02)
    return list(Simulation(config).chunks())


def test_every_transaction_is_valid_on_the_wire(chunks: list[Chunk]) -> None:
    """The strict decoder takes each message, and the values are those of the frame."""
    frame = pl.concat([c.transactions for c in chunks])
    decoder = msgspec.json.Decoder(Transaction)
    decoded = [decoder.decode(message) for message in wire(frame)]
    assert [t.transaction_id for t in decoded] == frame["transaction_id"].to_list()
    assert [t.amount_minor for t in decoded] == frame["amount_minor"].to_list()
    assert [t.latitude for t in decoded] == frame["latitude"].to_list()
    assert [t.mcc for t in decoded] == frame["mcc"].to_list()


def test_every_label_is_valid_on_the_wire(chunks: list[Chunk]) -> None:
    """Labels decode strictly too, those of the last chunk included."""
    frame = pl.concat([c.labels for c in chunks])
    decoded = [msgspec.json.decode(message, type=Label) for message in wire(frame)]
    assert [label.is_fraud for label in decoded] == frame["is_fraud"].to_list()
    assert [label.supersedes for label in decoded] == frame["supersedes"].to_list()


def test_absent_fields_are_left_out_and_nested_ones_are_objects(chunks: list[Chunk]) -> None:
    """No message has a null; outcome, authentication, attributes and legacy are objects."""
    frame = chunks[0].transactions
    messages = [json.loads(message) for message in wire(frame)]
    assert not any(value is None for message in messages for value in message.values())
    for row, message in zip(frame.iter_rows(named=True), messages, strict=True):
        assert set(message) == {name for name, value in row.items() if value is not None}
    assert all(isinstance(m["legacy"], dict) for m in messages if "legacy" in m)


def test_no_message_tells_what_is_for_evaluation_only(chunks: list[Chunk]) -> None:
    """Typology and episode are in no transaction."""
    for chunk in chunks[:-1]:
        text = b"".join(wire(chunk.transactions)).decode()
        assert "typology" not in text
        assert "episode" not in text
        assert not any(e in text for e in chunk.truth["episode_id"].unique())


def test_keys_are_the_customers(chunks: list[Chunk]) -> None:
    """The key of a record is its customer's id."""
    frame = chunks[1].transactions
    messages = wire(frame)
    assert keys(frame) == [json.loads(m)["customer_id"].encode() for m in messages]


def test_text_with_quotes_and_controls_stays_json() -> None:
    """Characters with a meaning in JSON are escaped, in any column."""
    nasty = ['say "no"', "back\\slash", "tab\there", "plain", "é ü 漢字"]
    frame = pl.DataFrame({"transaction_id": nasty, "merchant_id": [None, *nasty[:-1]]})
    messages = [json.loads(message) for message in wire(frame)]
    assert [m["transaction_id"] for m in messages] == nasty
    assert [m.get("merchant_id") for m in messages] == [None, *nasty[:-1]]


def test_an_empty_frame_has_no_messages(chunks: list[Chunk]) -> None:
    """Nothing in, nothing out."""
    assert wire(chunks[0].transactions.clear()) == []

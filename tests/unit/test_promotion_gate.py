"""A gate file: read strictly, every fault with its place and its mend."""

import re
from pathlib import Path

import pytest
from builders.gates import PASSABLE

from models.errors import BadInput
from service.promotion.gate_file import GateRefused, example_gate, load_gate, parse_gate


def faults(text: str) -> list[str]:
    """Return every fault of a gate as `line:column what`."""
    with pytest.raises(GateRefused) as refused:
        parse_gate(text, file="gate.yaml")
    return [f"{one.line}:{one.column} {one.what}" for one in refused.value.faults]


def changed(old: str, new: str) -> str:
    """Return the passable gate with one text replaced."""
    assert old in PASSABLE
    return PASSABLE.replace(old, new)


def test_the_gate_that_comes_with_penumbra_is_one() -> None:
    """Whoever copies it begins with something valid, by count and by money."""
    gate, body = load_gate(example_gate())
    assert gate.label.startswith("replace-the-rules@1+")
    assert {"detection_rate", "value_detection_rate"} <= {one.figure for one in gate.conditions}
    assert gate.segments is not None
    assert b"Head of fraud strategy" in body


def test_an_edited_gate_is_another_gate() -> None:
    """Its name may stay; its hash does not."""
    one = parse_gate(PASSABLE, file="a")
    other = parse_gate(changed("period_days: 28", "period_days: 27"), file="a")
    assert one.name == other.name
    assert one.sha256 != other.sha256
    assert one.label != other.label


def test_margins_are_limits_on_shadow_minus_or_over_legacy() -> None:
    """Better is more of what one wants more of, and less of what one wants less of."""
    text = changed(
        "    better_by: 0.02\n",
        "    better_by: 0.02\n  - figure: false_positives_per_fraud\n    at: chosen_threshold\n"
        "    better_by: 2\n  - figure: false_positives_per_fraud\n    at: chosen_threshold\n"
        "    at_most_times: 0.5\n",
    )
    limits = [(one.limit, one.less, one.ratio) for one in parse_gate(text, file="g").conditions]
    assert limits == [
        (0.02, False, False), (-2.0, True, False), (0.5, True, True), (-0.02, False, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"1:1 a gate is a mapping with name, version"),
        ("a: [", r"1:5 not YAML"),
        (changed("looks: 3", "look: 3"), r'11:1 unknown key "look"; expected name, version'),
        (changed("looks: 3\n", ""), r'1:1 "looks" is missing'),
        (changed("period_days: 28", "period_days: 27.5"), r'5:14 "27.5" is not whole days'),
        (changed("coverage: 0.99", "coverage: 99"), r'9:11 "99" is not a share .* at most 1'),
        (changed("figure: detection_rate", "figure: recall"),
         r'13:13 unknown figure "recall"; one of detection_rate'),
        (changed("figure: detection_rate", "figure: detection_rte"), "did you mean detection_rate"),
        (changed("    better_by: 0.02\n", ""), r"13:5 a condition has one margin, this 0"),
        (changed("    better_by: 0.02", "    at_most_times: 2"),
         r"15:20 of detection_rate more is better; write at_least_times"),
        (changed("    better_by: 0.02", "    better_by: 2"),
         r'15:16 "2" is not a difference of shares \(0.02 is 2 points\)'),
        (changed("figure: detection_rate", "figure: alert_rate"),
         r"14:9 at legacy_alert_rate the alert_rate is equal by construction"),
        (changed("goal: Find more with the same alerts.", "goal: '  '"), "3:.* say it in words"),
        (PASSABLE + "segments: {by: [chanel], unknown_at_most: 0.5, figure: precision, "
         "at: chosen_threshold, worse_by_at_most: 0.1}\n", r"did you mean channel"),
        (PASSABLE + "name: again\n", r'the key "name" stands twice'),
    ],
)  # fmt: skip
def test_each_fault_says_where_it_is_and_how_to_mend_it(text: str, said: str) -> None:
    """Line and column are those of the word that is wrong."""
    assert any(re.search(said, one) for one in faults(text)), faults(text)


def test_all_faults_come_at_once() -> None:
    """Nobody mends a file in seven rounds."""
    text = changed("looks: 3", "looks: 0").replace("coverage: 0.99", "coverage: lots")
    assert len(faults(text)) == 2


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    """With the path of a gate to copy."""
    with pytest.raises(BadInput, match=r"cannot be read .* copy one from .*example-gate\.yaml"):
        load_gate(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"goal: caf\xe9")
    with pytest.raises(BadInput, match="not UTF-8 at byte 9"):
        load_gate(tmp_path / "latin.yaml")

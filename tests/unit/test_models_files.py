"""CSV files are read as they are written: separators, decimal signs, letters, late decimals."""

from pathlib import Path

import pytest

from models.errors import BadInput
from models.files import read_table


def read(folder: Path, text: str, encoding: str = "utf-8") -> dict[str, list[object]]:
    """Write a CSV file and read it as a table."""
    path = folder / "data.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path).to_dict(as_series=False)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_header_shows_the_separator(tmp_path: Path, separator: str) -> None:
    """Whichever stands there most."""
    text = "a,b,c\n1,2.5,x\n".replace(",", separator)
    assert read(tmp_path, text) == {"a": [1], "b": [2.5], "c": ["x"]}


def test_decimal_commas_are_decimals_beside_semicolons(tmp_path: Path) -> None:
    """As spreadsheets write them where the comma is the decimal sign."""
    assert read(tmp_path, "a;b\n12,50;x\n-7,5;y\n")["a"] == [12.5, -7.5]


@pytest.mark.parametrize("text", ["a;b\n1,234;x\n", "a;b\n1,23;4.5\n", 'a,b\n"1,50",2\n'])
def test_commas_that_may_be_thousands_stay_text(tmp_path: Path, text: str) -> None:
    """A thousandfold amount would be worse than a refused one."""
    assert isinstance(read(tmp_path, text)["a"][0], str)


def test_letters_of_windows_are_read(tmp_path: Path) -> None:
    """A file that is not UTF-8 was written there."""
    assert list(read(tmp_path, "Währung;Händler\nEUR;Müller\n", "cp1252")) == ["Währung", "Händler"]


def test_letters_cut_by_the_sample_do_not_change_the_encoding(tmp_path: Path) -> None:
    """Wherever the first part of a long file ends, inside a letter too."""
    for shift in range(2):
        found = read(tmp_path, "a" * (1 + shift) + ",b\n" + "ä,1\n" * 30_000)
        assert set(next(iter(found.values()))) == {"ä"}


def test_decimals_that_come_late_are_read(tmp_path: Path) -> None:
    """A column of whole numbers for 20,000 rows."""
    found = read(tmp_path, "a\n" + "1\n" * 20_000 + "1.5\n")["a"]
    assert found[-1] == 1.5


def test_an_empty_file_is_told_in_one_line(tmp_path: Path) -> None:
    """There is not even a header."""
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path, "")

"""The legacy engine: a ruleset, read from a file and applied to whole batches.

The decision of a transaction is the severest action among the rules that fired, its score the
highest of theirs; when none fires it is approved with score 0.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import BadInput
from service.rules.elementwise import Values
from service.rules.errors import ColumnMissing
from service.rules.parsing import Rule, parse_ruleset
from service.rules.vocabulary import Kind, Vocabulary, vocabulary


@dataclass(frozen=True)
class LegacyColumns:
    """What a ruleset decided on n transactions.

    `decision` int8 (n,) indexes LEGACY_DECISIONS, severity rising; `score` float64 (n,), 0 where
    nothing fired; `rule_hits` bool (n, rules), columns in the order of `names`. `version` names the
    ruleset, its version and the hash of its file, so that an edited file is another version.
    """

    decision: NDArray[np.int8]
    score: NDArray[np.float64]
    rule_hits: NDArray[np.bool_]
    names: tuple[str, ...]
    version: str

    def __len__(self) -> int:
        return len(self.decision)

    def fired(self) -> list[tuple[str, ...]]:
        """Names of the rules that fired, for each transaction, in the order of the file."""
        fired: list[tuple[str, ...]] = [()] * len(self)
        for row in np.flatnonzero(self.rule_hits.any(axis=1)).tolist():
            hits = np.flatnonzero(self.rule_hits[row]).tolist()
            fired[row] = tuple(self.names[rule] for rule in hits)
        return fired


class Ruleset:
    """Rules in the order of their file.

    `columns` are the names that `decide` must be given; `version` is "name@version+hash".
    """

    def __init__(self, name: str, version: str, rules: Sequence[Rule], known: Vocabulary) -> None:
        self.name = name
        self.version = version
        self.rules = tuple(rules)
        self.columns = frozenset[str]().union(*(rule.condition.names for rule in rules))
        self._kinds = {column: known[column].kind for column in self.columns}
        self._names = tuple(rule.name for rule in rules)

    @classmethod
    def load(cls, source: str | Path, *, features: Collection[str]) -> "Ruleset":
        """Read a ruleset from a file, or a packaged one by its name ("default", "handbook").

        `features` are the history features that conditions may use, beside transaction fields.
        Raises RulesetRefused with every fault of the file, BadInput when there is no such file.
        """
        label, text = _read(source)
        known = vocabulary(features)
        parsed = parse_ruleset(text, file=label, known=known)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return cls(
            parsed.name,
            f"{parsed.name}@{parsed.version}+{digest}",
            parsed.rules,
            known,
        )

    def decide(self, columns: Mapping[str, Values]) -> LegacyColumns:
        """Apply all rules to a batch of n transactions given as columns of length n.

        Numbers may be any numeric array, NaN or None where missing; text is an object array, None
        where missing. Columns that no rule reads are ignored. Raises ColumnMissing when one that a
        rule reads is not there, BadInput when lengths differ.
        """
        absent = sorted(self.columns - columns.keys())
        if absent:
            raise ColumnMissing(ruleset=self.name, columns=absent)
        read = {
            name: np.asarray(columns[name], dtype=object if kind is Kind.TEXT else np.float64)
            for name, kind in self._kinds.items()
        }
        lengths = {len(values) for values in read.values()}
        if len(lengths) != 1:
            raise BadInput(
                f"ruleset {self.name}: columns of one batch have lengths {sorted(lengths)}; "
                "give every column one value a transaction"
            )
        n = lengths.pop()
        hits = np.empty((n, len(self.rules)), dtype=bool, order="F")
        decision = np.zeros(n, dtype=np.int8)
        score = np.zeros(n, dtype=np.float64)
        with np.errstate(all="ignore"):  # overflow compares as infinity, and missing is false
            for index, rule in enumerate(self.rules):
                hit = hits[:, index] = rule.condition.run(read)
                np.maximum(decision, np.int8(rule.action), out=decision, where=hit)
                np.maximum(score, rule.score, out=score, where=hit)
        return LegacyColumns(decision, score, hits, self._names, self.version)


def _read(source: str | Path) -> tuple[str, str]:
    """Return a label for messages and the text of a ruleset file."""
    packaged = {
        entry.name.removesuffix(".yaml"): entry
        for entry in resources.files(__package__).iterdir()
        if entry.name.endswith(".yaml")
    }
    if str(source) in packaged:
        return f"{source}.yaml", packaged[str(source)].read_text(encoding="utf-8")
    path = Path(source)
    try:
        return str(path), path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"ruleset {path} is not UTF-8 at byte {error.start}; save it so") from None
    except OSError as error:
        raise BadInput(
            f"ruleset {path} cannot be read ({error.strerror or error}); "
            f"give a file, or a packaged name: {', '.join(sorted(packaged))}"
        ) from None

"""Every error a user can meet.

PenumbraError
├── BadInput            the data or file given is not what it should be
│   ├── MappingError    a mapping file does not fit its data
│   └── SchemaMismatch  features expected and found differ
└── BundleRefused       a bundle is damaged, incomplete or of another kind

Each message is one line: what happened, where, and how to mend it.
"""


class PenumbraError(Exception):
    """Root of all errors that the command line prints as one line and answers with exit code 2."""


class BadInput(PenumbraError):
    """The data or file given cannot be used."""


class MappingError(BadInput):
    """A mapping file is malformed or names what its data does not have."""


class SchemaMismatch(BadInput):
    """Features expected and features found differ."""

    def __init__(self, *, expected: str, found: str, fix: str) -> None:
        super().__init__(f"feature schema mismatch: expected {expected}, found {found}; {fix}")
        self.expected = expected
        self.found = found


class BundleRefused(PenumbraError):
    """A bundle is not loaded: damaged, incomplete, or made for another kernel."""

    def __init__(self, path: object, why: str) -> None:
        super().__init__(f"bundle {path} refused: {why}")
        self.why = why

"""From the text of a condition to Python's syntax tree, with a plain word for every mistake.

Python's parser is used for its grammar alone: the tree is read, never run.
"""

import ast
import io
import re
import tokenize

MAX_LENGTH = 2_000  # characters of one condition

_FORBIDDEN: dict[type[ast.AST], str] = {
    ast.Call: "a function call",
    ast.Attribute: "attribute access",
    ast.Subscript: "indexing",
    ast.Lambda: "a lambda",
    ast.IfExp: "an if-else expression",
    ast.NamedExpr: "an assignment",
    ast.JoinedStr: "a formatted string",
    ast.List: "a list outside in",
    ast.Tuple: "a tuple outside in",
    ast.Set: "a set outside in",
    ast.Starred: "unpacking",
    ast.Dict: "a dictionary",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.BitAnd: "the operator & (write and)",
    ast.BitOr: "the operator | (write or)",
    ast.Invert: "the operator ~ (write not)",
    ast.Pow: "the operator **",
    ast.Mod: "the operator %",
    ast.FloorDiv: "the operator //",
}
_SLIPS = (("&&", "and"), ("||", "or"), ("<>", "!="), ("!", "not"))
_WORDS = frozenset({"and", "or", "not", "in", "is"})


class Misuse(Exception):
    """A condition is wrong at `offset` (characters from its start); `what` says how."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


class Source:
    """The text of a condition and its tree; places in the tree map back to the text.

    Raises Misuse when the text is empty, too long, not an expression, or holds a comment.
    """

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise Misuse(0, "the condition is empty")
        if len(text) > MAX_LENGTH:
            raise Misuse(0, f"the condition has {len(text)} characters, {MAX_LENGTH} are allowed")
        if "\0" in text:
            raise Misuse(text.index("\0"), "the condition holds a null character")
        line = text.translate(str.maketrans("\r\n\t\f", "    "))  # line ends count as spaces
        self._line = line.lstrip(" ")
        self._indent = len(line) - len(self._line)
        self.tree = self._parse()

    def place(self, node: ast.AST) -> int:
        """Where a node begins, in characters from the start of the text."""
        column = getattr(node, "col_offset", 0)  # in bytes of UTF-8
        return self._indent + len(self._line.encode()[:column].decode(errors="ignore"))

    def refusal(self, node: ast.AST, what: str) -> Misuse:
        """Return the error that says `what` about a node."""
        return Misuse(self.place(node), what)

    def forbidden(self, node: ast.AST, kind: ast.AST | None = None) -> Misuse:
        """Return the error for a construct, or an operator `kind`, that is not in the language."""
        construct = node if kind is None else kind
        name = _FORBIDDEN.get(type(construct), f"the construct {type(construct).__name__}")
        return self.refusal(node, f"{name} is not allowed in a condition")

    def _parse(self) -> ast.expr:
        try:
            tree = ast.parse(self._line, mode="eval").body
        except SyntaxError as error:
            end = len(self._line) - 1
            at = min(error.offset - 1, end) if error.offset else end
            what = self._explain(at, error.msg) if error.offset else "syntax: it ends too early"
            raise Misuse(self._indent + at, what) from None
        except (RecursionError, MemoryError):
            raise Misuse(0, "the condition is nested too deeply") from None
        except ValueError as error:  # a number of thousands of digits
            raise Misuse(0, f"the condition cannot be read: {error}") from None
        for token in tokenize.generate_tokens(io.StringIO(self._line).readline):
            if token.type == tokenize.COMMENT:
                raise Misuse(
                    self._indent + token.start[1],
                    "a comment would hide the rest of the condition; use description instead",
                )
        return tree

    def _explain(self, at: int, message: str) -> str:
        """Return the parser's complaint, with the mend for slips from other languages."""
        rest = self._line[at:]
        word = rest.split(maxsplit=1)[0] if rest.strip() else ""
        if "'=='" in message or re.match("=[^=]", rest):
            return "syntax: equality is written =="
        if word.lower() in _WORDS and word not in _WORDS:
            return f"syntax: {word} is written {word.lower()}"
        for slip, mend in _SLIPS:
            if rest.startswith(slip) or self._line[max(at - 1, 0) :].startswith(slip):
                return f"syntax: {slip} is written {mend}"
        return f"syntax: {message}"

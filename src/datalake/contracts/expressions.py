"""The small language of checks: comparisons, and, or, not, is null, in, + - * /, abs, between columns and literals.

    or      one or more of `and`, joined by or          sum      products, joined by + or -
    and     one or more of `not`, joined by and         product  units, joined by * or /
    not     any number of not before a comparison       unit     -unit, abs(sum), (or), a column, a literal
    comparison   sum [= != < <= > >= sum | is [not] null | [not] in (literal, ...)]

Literals: 12.50, 'text', '2025-11-04' where a date is meant, true, false. _data_date is the file's data date.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from datalake.contracts import tree
from datalake.contracts.model import Column
from datalake.contracts.tree import Expression, ExpressionError
from datalake.documents.nodes import did_you_mean

MAX_LENGTH = 1_000
MAX_DEPTH = 30
DATA_DATE = "_data_date"
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign><=|>=|<>|!=|==|[=<>+\-*/(),])|(?P<end>$)|(?P<other>[\w.]+|.))",
    re.ASCII | re.DOTALL,
)
_KEYWORDS = ("and", "or", "not", "is", "null", "in", "true", "false", "abs")
_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_KINDS = {
    "string": tree.TEXT,
    "text": tree.TEXT,
    "integer": tree.NUMBER,
    "number": tree.NUMBER,
    "boolean": tree.BOOLEAN,
    "date": tree.DATE,
    "datetime": tree.DATETIME,
    "list": tree.LIST,
}


def parse(text: str, columns: Iterable[Column]) -> Expression:
    """Given a check's text and the feed's columns, return its tree; raise ExpressionError that says what is wrong."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"is longer than {MAX_LENGTH} characters.")
    kinds = {each.name: _KINDS[each.type] for each in columns} | {DATA_DATE: tree.DATE}
    parser = _Parser(_tokens(text), kinds)
    return parser.whole()


@dataclass(frozen=True)
class _Token:
    kind: str  # number text word keyword sign end
    text: str

    def __str__(self) -> str:
        return f'"{self.text}"' if self.kind != "end" else "the end"


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        found = _TOKEN.match(text, at)
        assert found is not None and found.lastgroup is not None
        kind, word = found.lastgroup, found[found.lastgroup]
        if kind == "other":
            raise ExpressionError(_stray(word))
        at = found.end()
        keyword = kind == "word" and word.casefold() in _KEYWORDS
        tokens.append(_Token("keyword", word.casefold()) if keyword else _Token(kind, word))
    return tokens


def _stray(character: str) -> str:
    if character == '"':
        return "has a double quote; text stands in single quotes."
    if character == "'":
        return "has a single quote that is never closed."
    return f'has "{character}", which means nothing here.'


class _Parser:
    """Recursive descent over the tokens; types are checked as nodes are made."""

    def __init__(self, tokens: list[_Token], kinds: dict[str, str]) -> None:
        self.tokens = tokens
        self.kinds = kinds
        self.at = 0
        self.depth = 0

    def whole(self) -> Expression:
        expression = tree.condition(self._or(), "a check")
        if self._now.kind != "end":
            raise ExpressionError(f"has {self._now} where an operator or the end should be.")
        return expression

    @property
    def _now(self) -> _Token:
        return self.tokens[self.at]

    def _take(self, *texts: str) -> str:
        """Go past the next token if it is one of these signs or keywords, and return it; else return ""."""
        token = self._now
        if token.kind not in ("sign", "keyword") or token.text not in texts:
            return ""
        self.at += 1
        return token.text

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise ExpressionError(f'needs "{text}" before {self._now}.')

    def _or(self) -> Expression:
        left = self._and()
        while self._take("or"):
            left = tree.Or(tree.condition(left, "or"), tree.condition(self._and(), "or"))
        return left

    def _and(self) -> Expression:
        left = self._not()
        while self._take("and"):
            left = tree.And(tree.condition(left, "and"), tree.condition(self._not(), "and"))
        return left

    def _not(self) -> Expression:
        if self._take("not"):
            return tree.Not(tree.condition(self._deeper(self._not), "not"))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        operator = self._take(*_COMPARISONS)
        if operator:
            return tree.compare(_COMPARISONS[operator], left, self._sum())
        if self._take("is"):
            negated = self._take("not")
            self._need("null")
            return tree.Not(tree.IsNull(left)) if negated else tree.IsNull(left)
        if self._take("not"):
            self._need("in")
            return tree.Not(self._one_of(left))
        return self._one_of(left) if self._take("in") else left

    def _one_of(self, operand: Expression) -> Expression:
        self._need("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._need(")")
        return tree.one_of(operand, tuple(values))

    def _literal(self) -> tree.Literal:
        value = self._unit()
        if not isinstance(value, tree.Literal):
            raise ExpressionError('has a list after "in" that holds more than plain values.')
        return value

    def _sum(self) -> Expression:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Expression:
        return self._chain(self._unit, "*", "/")

    def _chain(self, part: Callable[[], Expression], *operators: str) -> Expression:
        left = part()
        while operator := self._take(*operators):
            left = tree.arithmetic(operator, left, part())
        return left

    def _unit(self) -> Expression:
        if self._take("-"):
            return _negative(self._deeper(self._unit))
        if self._take("abs"):
            self._need("(")
            return tree.Absolute(tree.numeric(self._closed(self._sum), "abs"))
        if self._take("("):
            return self._closed(self._or)
        return self._value()

    def _closed(self, inside: Callable[[], Expression]) -> Expression:
        expression = self._deeper(inside)
        self._need(")")
        return expression

    def _deeper(self, inside: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"is nested more than {MAX_DEPTH} levels deep.")
        expression = inside()
        self.depth -= 1
        return expression

    def _value(self) -> Expression:
        token = self._now
        self.at += 1
        if token.kind == "number":
            return tree.Literal(Decimal(token.text), tree.NUMBER)
        if token.kind == "text":
            return tree.Literal(token.text[1:-1].replace("''", "'"), tree.TEXT)
        if token.kind == "word":
            return self._column(token.text)
        if token.text in ("true", "false") and token.kind == "keyword":
            return tree.Literal(token.text == "true", tree.BOOLEAN)
        raise ExpressionError(f"has {token} where a column or a value should be.{_null_hint(token)}")

    def _column(self, name: str) -> Expression:
        if self._now.text == "(":
            raise ExpressionError(f'knows no function "{name}"; there is only abs.')
        if name not in self.kinds:
            raise ExpressionError(f'names the unknown column "{name}".{did_you_mean(name, self.kinds)}')
        return tree.ColumnValue(name, self.kinds[name])


def _negative(operand: Expression) -> Expression:
    number = tree.numeric(operand, "-")
    if isinstance(number, tree.Literal) and isinstance(number.value, Decimal):
        return tree.Literal(-number.value, tree.NUMBER)
    return tree.Negative(number)


def _null_hint(token: _Token) -> str:
    return ' Write "is null" or "is not null".' if token.text == "null" else ""

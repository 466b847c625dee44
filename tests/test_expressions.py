"""The language of checks: what it means, and what it refuses in which words."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.contracts.expressions import parse
from datalake.contracts.model import Column
from datalake.contracts.tree import (
    And,
    Arithmetic,
    ColumnValue,
    Compare,
    Expression,
    ExpressionError,
    IsNull,
    Literal,
    OneOf,
    Or,
    columns_in,
)

COLUMNS = tuple(
    Column(name, type=kind)
    for name, kind in [
        ("amount", "number"), ("direct", "number"), ("indirect", "number"), ("days", "integer"), ("status", "string"),
        ("summary", "text"), ("opened", "date"), ("closed", "date"), ("updated", "datetime"), ("animals", "boolean"),
        ("ids", "list"),
    ]
)  # fmt: skip


def shown(expression: Expression) -> str:
    """The tree with all its parentheses."""
    match expression:
        case ColumnValue(name=name):
            return name
        case Literal(value=value):
            return str(value)
        case Compare(operator=sign, left=left, right=right) | Arithmetic(operator=sign, left=left, right=right):
            return f"({shown(left)} {sign} {shown(right)})"
        case And(left=left, right=right):
            return f"({shown(left)} and {shown(right)})"
        case Or(left=left, right=right):
            return f"({shown(left)} or {shown(right)})"
        case IsNull(operand=operand):
            return f"({shown(operand)} is null)"
        case OneOf(operand=operand, values=values):
            return f"({shown(operand)} in [{', '.join(shown(each) for each in values)}])"
        case _:
            return f"{type(expression).__name__}({shown(expression.operand)})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("closed >= opened", "(closed >= opened)"),
        ("closed is null or closed >= opened", "((closed is null) or (closed >= opened))"),
        ("animals or days > 1 and days < 3", "(animals or ((days > 1) and (days < 3)))"),
        ("(animals or days > 1) and days < 3", "((animals or (days > 1)) and (days < 3))"),
        ("not animals and status = 'A'", "(Not(animals) and (status = A))"),
        ("NOT status IS NOT NULL", "Not(Not((status is null)))"),
        ("abs(direct + indirect - amount) <= 0.01", "(Absolute(((direct + indirect) - amount)) <= 0.01)"),
        ("amount - direct - indirect == 0", "(((amount - direct) - indirect) = 0)"),
        ("amount - (direct - indirect) <> 0", "((amount - (direct - indirect)) != 0)"),
        ("direct + indirect * 2 / 3 > -1", "((direct + ((indirect * 2) / 3)) > -1)"),
        ("-amount < 0", "(Negative(amount) < 0)"),
        ("status in ('A', 'it''s', '')", "(status in [A, it's, ])"),
        ("status not in ('A')", "Not((status in [A]))"),
        ("opened >= '2020-01-31'", "(opened >= 2020-01-31)"),
        ("'2020-01-31' <= opened", "(2020-01-31 <= opened)"),
        ("opened <= _data_date + 5475", "(opened <= (_data_date + 5475))"),
        ("closed - opened > 30", "((closed - opened) > 30)"),
        ("animals = true", "(animals = True)"),
        ("ids is not null", "Not((ids is null))"),
        ("summary != status", "(summary != status)"),
    ],
)
def test_an_expression_means_what_sql_would_make_of_it(text, tree):
    assert shown(parse(text, COLUMNS)) == tree


def test_literals_get_the_type_that_they_are_compared_with():
    assert parse("opened = '2020-01-31'", COLUMNS).right == Literal(date(2020, 1, 31), "date")
    assert parse("updated < '2020-01-31 02:00'", COLUMNS).right == Literal(datetime(2020, 1, 31, 2), "date and time")
    assert parse("opened in ('2020-01-31')", COLUMNS).values == (Literal(date(2020, 1, 31), "date"),)
    assert parse("amount = 12.50", COLUMNS).right == Literal(Decimal("12.50"), "number")
    assert parse("status = '12.50'", COLUMNS).right == Literal("12.50", "text")


def test_the_columns_that_an_expression_reads_are_known():
    read = columns_in(parse("abs(direct - amount) < 1 or not status in ('A') and opened is null", COLUMNS))
    assert read == {"direct", "amount", "status", "opened"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("opend > '2020-01-01'", 'names the unknown column "opend". Did you mean "opened"?'),
        ("amount > 'x'", "amount (number) cannot be compared with x (text)."),
        ("status > 5", "status (text) cannot be compared with 5 (number)."),
        ("status > 'A'", "status (text) has no order: only = and != fit."),
        ("animals > true", "animals (boolean) has no order"),
        ("opened > updated", "opened (date) cannot be compared with updated (date and time)."),
        ("opened > '31/01/2020'", "'31/01/2020' is not a date like '2025-11-04'."),
        ("updated > '2020-01-01T00:00:00+02:00'", "is not a date and time like '2025-11-04 02:00:00'."),
        ("ids = 'A'", "ids (list) cannot be compared with A (text)."),
        ("amount + 1", "a check needs a condition, not a number."),
        ("status", "a check needs a condition, not status (text)."),
        ("amount and animals", "and needs a condition, not amount (number)."),
        ("not amount", "not needs a condition, not amount (number)."),
        ("status + 1 > 2", "status (text) + 1 (number) cannot be reckoned."),
        ("opened + closed > 2", "opened (date) + closed (date) cannot be reckoned."),
        ("abs(status) > 2", "abs needs a number, not status (text)."),
        ("-status > 2", "- needs a number, not status (text)."),
        ("amount = null", 'has "null" where a column or a value should be. Write "is null" or "is not null".'),
        ("amount >", "has the end where a column or a value should be."),
        ("", "has the end where a column or a value should be."),
        ("amount > 1 2", 'has "2" where an operator or the end should be.'),
        ("(amount > 1", 'needs ")" before the end.'),
        ("amount is 1", 'needs "null" before "1".'),
        ("amount not 1", 'needs "in" before "1".'),
        ("status in ('A', status)", 'has a list after "in" that holds more than plain values.'),
        ("status in ()", 'has ")" where a column or a value should be.'),
        ('status = "A"', "has a double quote; text stands in single quotes."),
        ("status = 'A", "has a single quote that is never closed."),
        ("status = 'A'; drop table x", 'has ";", which means nothing here.'),
        ("__import__('os')", 'knows no function "__import__"; there is only abs.'),
        ("len(status) > 1", 'knows no function "len"; there is only abs.'),
        ("status.x = 1", 'has ".x", which means nothing here.'),
        ("amount > 1e5", 'has "1e5", which means nothing here.'),
        ("(" * 40 + "amount", "is nested more than 30 levels deep."),
        ("not " * 40 + "animals", "is nested more than 30 levels deep."),
        ("amount > 1 or " * 100 + "animals", "is longer than 1000 characters."),
    ],
)
def test_what_does_not_fit_is_refused_in_words(text, expected):
    with pytest.raises(ExpressionError) as raised:
        parse(text, COLUMNS)
    assert expected in str(raised.value)


SIGNS = ("and", "or", "not", "is", "null", "in", "(", ")", ",", "+", "-", "*", "/", "=", "<", ">=", "abs")
WORDS = (*(each.name for each in COLUMNS), *SIGNS, "1", "2.5", "'a'", "'2020-01-01'")


@given(st.lists(st.sampled_from(WORDS), max_size=12) | st.text(max_size=30).map(lambda text: [text]))
def test_any_text_is_a_condition_or_refused(words):
    try:
        assert parse(" ".join(words), COLUMNS).type == "boolean"
    except ExpressionError as problem:
        assert str(problem)

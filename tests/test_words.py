"""Numbers as people read them."""

import pytest

from datalake.words import few, listed, size


@pytest.mark.parametrize(
    ("count_of_bytes", "said"),
    [
        (0, "0 bytes"),
        (999_999, "999,999 bytes"),
        (1_400_000, "1.4 MB"),
        (20_000_000_000, "20.0 GB"),
        (3_500_000_000_000, "3.5 TB"),
        (12_000_000_000_000_000, "12000.0 TB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_fits(count_of_bytes: int, said: str) -> None:
    assert size(count_of_bytes) == said


def test_a_list_names_the_first_ones_and_counts_the_rest() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert few(["a", "b", "c"], most=2) == '"a", "b" and 1 more'

"""One installation a test, in a path with a space; nothing that it started outlives it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.installation import Installation


@pytest.fixture
def installation(copy_of_repo: Path) -> Iterator[Installation]:
    made = Installation(copy_of_repo)
    yield made
    made.let_go()
    made.kill_what_is_left()

"""docs/views.md: the cards are those of the files, and its example and questions work."""

import re
import shlex
from datetime import date

import pytest
from support.project import ROOT
from support.shelves import Shelves

from datalake.views.load import load_views
from datalake.views.page import PAGE, with_cards
from datalake.zones.paths import Lake

TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_cards_in_the_page_are_those_of_the_views() -> None:
    """If this fails: cd src && ../venv/bin/python -m datalake.views.page"""
    views = [each.view for each in load_views(ROOT) if each.view and each.view.file.startswith("config/views")]
    assert len(views) == 15
    assert with_cards(TEXT, views) == TEXT


@pytest.fixture
def shelves(lake: Lake) -> Shelves:
    shelves = Shelves(lake)
    closed = {"protocol_id": "A", "status": "Closed", "school": "ENG"}
    shelves.publish("irb", closed, {**closed, "protocol_id": "B", "school": None}, {**closed, "status": "Approved"})
    return shelves


def test_the_example_of_a_view_is_one(shelves: Shelves, manage) -> None:
    (example,) = re.findall(r"```sql\n(/\*.*?)```", TEXT, re.DOTALL)
    shelves.write_view("closed_by_school", example)
    assert manage("check").code == 0
    assert [tuple(row.values()) for row in shelves.view("closed_by_school")] == [("ENG", 1), ("not given", 1)]
    assert shelves.left_out("closed_by_school") == {"not_closed": 1}


def test_the_questions_in_the_page_have_answers(shelves: Shelves, manage) -> None:
    dated = {"protocol_id": "C", "status": "Approved", "school": "ENG", "study_title": "T", "pi_name": "P"}

    shelves.publish("irb", {**dated, "date_expires": date(2025, 11, 10)})
    shelves.refresh()
    (block,) = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines():
        words = shlex.split(line)
        assert words[:2] == ["python3", "manage.py"]
        said = manage(*words[2:])
        assert said.code == 0 and "ENG" in said.out, said

"""docs/own-feed.md, walked by its own commands: from two sample files to a published ninth feed."""

import csv
import io
import os
import re
import shlex
import shutil

import pytest
from support.project import ROOT

from datalake.zones.paths import Lake

TEXT = (ROOT / "docs" / "own-feed.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```\n# (\S+\.csv)\n(.*?)```", TEXT, re.DOTALL)
STEPS = re.findall(r"^\*\*(\d)\. .*?(?=^\*\*\d\.|\Z)", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
RULES = "config/local/modules/visits.yaml"


@pytest.fixture
def newcomer(lake: Lake, manage, monkeypatch: pytest.MonkeyPatch):
    """newcomer(line) types a line of the page beside manage.py, where the samples lie since an hour."""
    monkeypatch.chdir(lake.root)
    for name, text in SAMPLES:
        (lake.root / name).write_text(text, encoding="utf-8")
        hour_ago = (lake.root / name).stat().st_mtime - 3600
        os.utime(lake.root / name, (hour_ago, hour_ago))

    def typed(line: str):
        words = shlex.split(line)
        if words[0] == "cp":
            return shutil.copy2(words[-2], words[-1])
        assert words[:2] == ["python3", "manage.py"]
        said = manage(*words[2:])
        waits = words[2] == "try" and "It would wait for OK" in said.out  # so the page says of a draft
        assert said.code == 0 or waits, (line, said)
        return said

    return typed


def test_the_page_leads_from_samples_to_a_published_table(newcomer, lake: Lake) -> None:
    assert len(STEPS) == 5
    said = ""
    for line in COMMANDS:
        if line == COMMANDS[-3]:  # step 5 has said: write status: active
            rules = (lake.root / RULES).read_text(encoding="utf-8")
            (lake.root / RULES).write_text(rules.replace("status: draft", "status: active", 1), encoding="utf-8")
        told = newcomer(line)
        said = told.out if hasattr(told, "out") else said
    assert [line.split() for line in said.splitlines()[1:3]] == [["Done", "3", "1425.50"], ["Planned", "1", "-20.00"]]
    twin = (lake.curated("visits") / "current" / "visits.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(twin)))
    assert rows[0] == {
        "visit_id": "V-00017", "study": "STUDY00001234", "seen_on": "2025-10-30", "status": "Done", "fee": "1250.00",
        "nurse_badge": "0042",
    }  # fmt: skip


def test_until_the_feed_is_active_a_file_waits_and_nothing_is_published(newcomer, lake: Lake) -> None:
    for line in COMMANDS[: COMMANDS.index("python3 manage.py run") + 1]:
        newcomer(line)
    assert not (lake.curated("visits") / "current").exists()


def test_what_the_page_says_of_the_draft_is_so(newcomer, lake: Lake) -> None:
    newcomer(COMMANDS[0])
    rules = (lake.root / RULES).read_text(encoding="utf-8")
    assert "primary_key: [visit_id]" in rules and "status: draft" in rules
    described = dict(re.findall(r"- name: (\w+).*\n(?:    type: (\w+))?", rules))
    assert (described["seen_on"], described["fee"], described["nurse_badge"]) == ("date", "number", "")
    assert "# guess" in rules

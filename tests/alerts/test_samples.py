"""Addresses and row samples leave in messages only where the settings allow it, and closed values never."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import samples

from datalake.alerts.run import tell_run
from datalake.clock import MovedClock
from datalake.engine.job import FINDINGS_FILE
from datalake.outcomes import RunOutcome
from datalake.runs import crumbs
from datalake.zones.paths import Lake

RULES = """
columns:
  - {name: title, type: string}
  - {name: investigator, type: string, classification: confidential}
  - {name: salary, type: number, mask: redact}
"""
ROWS = [
    {"line": 12, "column": "title", "rule": "pattern", "value": "Bad <b>", "message": "does not match A-Z"},
    {
        "line": 13,
        "column": "investigator",
        "rule": "pattern",
        "value": "Jane Doe",
        "message": "Jane Doe does not match",
    },
    {"line": 14, "column": "salary", "rule": "type", "value": "91,5x", "message": "91,5x is no number"},
    {"line": 15, "column": None, "rule": "check", "value": None, "message": "Jane Doe comes after John Roe"},
]
FILE = samples.file("staff", rows_read=104, accepted=100, rejected=4)
RUN = replace(samples.SUCCESS, feeds=(samples.feed("staff", files=(FILE,)),))


@pytest.fixture
def told(lake: Lake, slack):
    """told(alerts, run) is what Slack gets of a run under these settings."""
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "modules" / "staff.yaml").write_text(RULES)
    assert FILE.data_date
    quarantine(lake.quarantine("staff", FILE.data_date, FILE.delivery))

    def tell(alerts: str, run: RunOutcome = RUN) -> str:
        (lake.config / "local" / "settings.yaml").write_text(f"alerts: {alerts}\n")
        lake.outcomes.mkdir(parents=True, exist_ok=True)
        crumbs.leave(lake, run)
        assert tell_run(lake, {"SLACK_WEBHOOK": slack.url}, run.run_id, MovedClock(samples.END)) == 0
        return slack.taken[-1].everything

    return tell


def quarantine(folder: Path) -> None:
    folder.mkdir(parents=True)
    rows = [{**each, "outcome": "rejected", "key": "P-1", "record": "the whole row"} for each in ROWS]
    pq.write_table(pa.Table.from_pylist(rows), folder / FINDINGS_FILE)


def test_without_leave_a_message_says_only_how_many_rows_were_rejected(told) -> None:
    text = told("{}")
    assert "100 rows loaded, 4 rejected" in text and "line 12" not in text and "for example" not in text


def test_with_leave_it_shows_some_but_no_value_of_a_closed_or_masked_column_and_never_the_row(told) -> None:
    text = told("{row_samples: 5}")
    assert "Rejected, for example:" in text
    assert "staff line 12, title: does not match A-Z (value: Bad &lt;b&gt;)" in text
    assert "staff line 13, investigator: pattern (masked)" in text and "staff line 14, salary: type (masked)" in text
    assert "staff line 15: check (masked)" in text
    assert (
        not {"Jane", "91,5x", "P-1", "the whole row"} & set(text.replace("\n", " ").split()) and "Jane Doe" not in text
    )


def test_no_more_rows_of_a_feed_are_shown_than_the_setting_says(told) -> None:
    assert told("{row_samples: 1}").count("staff line ") == 1


def test_samples_that_cannot_be_read_cost_no_message(told, lake: Lake) -> None:
    assert FILE.data_date
    (lake.quarantine("staff", FILE.data_date, FILE.delivery) / FINDINGS_FILE).write_bytes(b"no parquet")
    assert "100 rows loaded, 4 rejected" in told("{row_samples: 5}")


@pytest.mark.parametrize(("alerts", "shown"), [("{}", "[address removed]"), ("{addresses: true}", "kim@example.edu")])
def test_addresses_are_taken_out_unless_they_are_allowed(told, alerts: str, shown: str) -> None:
    failed = replace(samples.KILLED, error="The file server refused kim@example.edu; password=hunter2")
    text = told(alerts, failed)
    assert f"refused {shown}" in text and "hunter2" not in text

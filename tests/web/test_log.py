"""What one run left in the nightly log, on its page and in the API."""

import json
import os

import pytest

from web.conftest import TUESDAY, WEDNESDAY, night
from web.pages import rows, text

OTHER, RUN = "20251104T020000Z-1", "20251105T020000Z-1"
LOG = f"""\
2025-11-04 02:00:00,001 INFO datalake.nightly: run={OTHER} night=2025-11-04 trigger=cron
2025-11-04 02:02:15,001 INFO datalake.nightly: run={OTHER} night=2025-11-04 status=success exit_code=0
2025-11-05 02:00:00,001 INFO datalake.nightly: run={RUN} night=2025-11-05 trigger=cron
2025-11-05 02:01:00,001 WARNING datalake.pipeline: feed=irb \x1b[31m<b>odd</b>\x1b[0m
2025-11-05 02:01:30,001 ERROR datalake.pipeline: feed=grants stopped, ask ann@example.edu
Traceback (most recent call last):
  ValueError: no
2025-11-05 02:02:15,001 INFO datalake.nightly: run={RUN} night=2025-11-05 status=failure exit_code=1
2025-11-05 02:02:16,001 INFO datalake.alerts.direct: slack: sent
2025-11-05 07:00:00,001 INFO datalake.web.reads: data irb shown to rita (reader) at 127.0.0.1
2025-11-05 08:00:00,001 INFO datalake.nightly: run=20251105T080000Z-1 night=2025-11-05 trigger=hand
"""


@pytest.fixture
def logged(lake, record):
    record(night(TUESDAY), night(WEDNESDAY))
    lake.etl_log.write_text(LOG)


def lines(client, query="", run=RUN):
    return [row[3] for row in rows(client, f"/runs/{run}{query}", "Log of this run")]


def test_a_run_shows_its_own_lines_and_what_was_told_of_it(client, logged):
    shown = lines(client)

    assert len(shown) == 7
    assert shown[0].startswith(f"datalake.nightly: run={RUN} night=2025-11-05 trigger=cron")
    assert shown[-1] == "datalake.alerts.direct: slack: sent"
    assert len(lines(client, run=OTHER)) == 2


def test_nothing_in_a_line_is_run_or_shown_that_should_not_be(client, logged):
    answer = client.get(f"/runs/{RUN}").get_data(as_text=True)

    assert "feed=irb &lt;b&gt;odd&lt;/b&gt;" in answer
    assert "\x1b" not in answer
    assert "ann@example.edu" not in answer


@pytest.mark.parametrize(("level", "number"), [("info", 7), ("warning", 4), ("error", 3)])
def test_a_level_shows_that_one_and_those_above_it_with_their_tracebacks(client, logged, level, number):
    assert len(lines(client, f"?level={level}")) == number
    api = client.get(f"/api/v1/runs/{RUN}/log?level={level}").get_json()["data"]
    said = [f"{each['source']}: {each['text']}" if each["source"] else each["text"].strip() for each in reversed(api)]
    assert said == lines(client, f"?level={level}")


def test_the_first_error_has_a_link(client, logged):
    assert 'href="#L3">to the first error</a>' in client.get(f"/runs/{RUN}").get_data(as_text=True)


def test_pages_of_the_api_hold_every_line_once(client, logged):
    found, address = [], f"/api/v1/runs/{RUN}/log?limit=3"
    while address:
        page = client.get(address).get_json()
        found += [each["number"] for each in page["data"]]
        address = page["next_url"]

    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_a_log_that_is_gone_or_cannot_be_read_hides_nothing_else(client, logged, lake):
    lake.etl_log.unlink()
    assert "No line of this run is in logs/cron_etl.log any more." in text(client, f"/runs/{RUN}")
    lake.etl_log.mkdir()

    said = text(client, f"/runs/{RUN}")

    assert "logs/cron_etl.log cannot be read (Is a directory)." in said
    assert "Feeds of this run" in client.get(f"/runs/{RUN}").get_data(as_text=True)
    answer = client.get(f"/api/v1/runs/{RUN}/log")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"


def test_only_the_end_of_a_long_run_is_shown(client, logged, lake):
    more = "".join(f"2025-11-05 02:01:40,001 INFO datalake.pipeline: step {step}\n" for step in range(40_000))
    before, after = LOG.split("2025-11-05 02:02:15,001")
    lake.etl_log.write_text(f"{before}{more}2025-11-05 02:02:15,001{after}")

    shown = lines(client)

    assert len(shown) == 200
    assert shown[-3] == "datalake.pipeline: step 39999"


def test_a_run_at_work_has_a_page_with_what_it_has_said_so_far(client, lake, record):
    record(night(TUESDAY))
    lake.lock.write_text(f"{os.getpid()} {RUN} 2025-11-05T07:00:00+00:00\n")
    started = {"run_id": RUN, "start": "2025-11-05T07:00:00+00:00", "night": "2025-11-05", "pid": 7}
    lake.outcomes.mkdir(parents=True)
    (lake.outcomes / f"{RUN}.started.json").write_text(json.dumps(started))
    lake.etl_log.write_text("".join(LOG.splitlines(keepends=True)[:4]) + "2025-11-05 02:01:10,001 INFO half a li")

    said = text(client, f"/runs/{RUN}")

    assert "Wed 5 Nov 2025 load running" in said
    assert len(lines(client)) == 2  # the line that is being written comes with the next look
    assert len(client.get(f"/api/v1/runs/{RUN}/log").get_json()["data"]) == 2
    assert client.get("/runs/20251105T020000Z-2").status_code == 404

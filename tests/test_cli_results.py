"""What a person is shown after a run: a short table that fits a terminal."""

from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

from datalake.cli.results import lines
from datalake.outcomes import Changes, FeedOutcome, FileOutcome, Note, RunOutcome
from datalake.settings import Settings
from datalake.zones.paths import Lake

LAKE = Lake(Path("/a/very/long/path/to/where/somebody/keeps/their/installation/of/research_datalake"))
NOW = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)
DAY = date(2025, 11, 4)
FILE = FileOutcome("GRANTS_PROPOSAL_2025-11-04.csv", "published", "0" * 12, DAY, 36_863, 36_850, 13, seconds=12.34)
FEED = FeedOutcome("grants_proposal", "published", DAY, 36_850, 13, Changes(4, 5, 6), (FILE,))
RUN = RunOutcome("id", DAY, "demo", NOW, NOW, 2.34, "success", 0, demo=True, feeds=(FEED,))


def shown(run: RunOutcome) -> list[str]:
    return lines(run, LAKE, Settings())


def test_the_table_names_feed_file_rows_read_accepted_rejected_seconds_and_what_became_of_it() -> None:
    heading, row = (line for line in shown(RUN) if line.startswith(("feed ", "grants_proposal ")))
    assert heading.split() == ["feed", "file", "rows", "read", "accepted", "rejected", "seconds", "became"]
    assert row.split() == [
        "grants_proposal",
        "GRANTS_PROPOSAL_2025-11-04.csv",
        "36,863",
        "36,850",
        "13",
        "12.3",
        "published",
    ]


def test_rows_that_are_neither_accepted_nor_rejected_are_accounted_for() -> None:
    file = replace(FILE, accepted=36_846, duplicates=1, superseded=2, excluded=1)
    (line,) = (line for line in shown(replace(RUN, feeds=(replace(FEED, files=(file,)),))) if line.startswith("Also"))
    assert line.startswith("Also in GRANTS_PROPOSAL_2025-11-04.csv: 1 identical repeat, 2 replaced by newer rows")
    assert not any(line.startswith("Also") for line in shown(RUN))


def test_a_demo_says_so_at_once_and_a_real_run_never_does() -> None:
    assert "DEMO" in shown(RUN)[0]
    assert "DEMO" not in "\n".join(shown(replace(RUN, demo=False)))
    assert "demo" not in "\n".join(shown(replace(RUN, demo=False)))


def test_it_says_where_the_result_lies_and_what_to_do_next() -> None:
    text = "\n".join(shown(RUN))
    for word in ("data/curated/FEED/current/FEED.csv", "logs/cron_etl.log", "app_dashboard.py", "config/local/modules"):
        assert word in text
    assert "demo --clear" in text
    assert "show" in text and "Tue 4 Nov" in text
    assert "grants_proposal: 4 new, 5 changed, 6 no longer in Huron" in text


def test_every_line_fits_a_hundred_columns_whatever_the_names_and_notes() -> None:
    long = replace(FILE, name="x" * 300 + ".csv", status="waiting_for_ok")
    notes = (Note("unmatched", "Left in incoming: " + "some file.csv: matches no feed; " * 20),)
    feeds = (replace(FEED, feed="a_feed_with_a_name_that_never_ends", files=(long,), reason="why " * 60, fix="do"),)
    assert max(map(len, shown(replace(RUN, feeds=feeds, notes=notes)))) <= 100


def test_names_from_outside_cannot_reach_the_terminal() -> None:
    evil = replace(FILE, name="\x1b[2Jgone\n.csv")
    assert "\x1b" not in "".join(shown(replace(RUN, feeds=(replace(FEED, files=(evil,)),))))


def test_unknown_values_of_several_feeds_are_one_sentence() -> None:
    one = Note("unknown", "2 values of irb.sponsors (3 times) are not in the map sponsors.", "irb")
    other = Note("rejected_rows", "1 of 9 rows of COI.csv was rejected.", "coi")
    assert f"Note: {one.text}" in shown(replace(RUN, notes=(one, other)))
    said = shown(replace(RUN, notes=(one, replace(one, feed="coi"), other)))
    assert one.text not in " ".join(said)
    start = said.index(f"Note: {other.text}") + 1
    assert " ".join(said[start : start + 2]).startswith("Note: Unknown values in irb and coi; their rows were loaded.")


def test_a_failed_run_says_what_was_not_updated_and_what_to_do() -> None:
    failed = replace(FEED, status="refused", reason="The file is empty.", fix="python3 manage.py retry grants_proposal")
    text = "\n".join(shown(replace(RUN, status="failure", exit_code=1, feeds=(failed,))))
    assert "grants_proposal was not updated; nothing wrong was published." in text
    assert "grants_proposal: The file is empty." in text
    assert "Do: python3 manage.py retry grants_proposal" in text

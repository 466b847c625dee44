"""A whole night is measured by the script that cron calls, and set beside a peer only where both have the same rows."""

from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from datalake.bench import agree, night
from datalake.bench.cost import Cost
from datalake.outcomes import SUCCESS, FeedOutcome, FileOutcome, RunOutcome, StageTime


@pytest.fixture
def large(copy_of_repo: Path, tmp_path: Path) -> list[night.Large]:
    (tmp_path / "w").mkdir()
    return night._large(copy_of_repo, tmp_path / "w", 1, 1, lambda text: None)


def test_a_file_and_the_one_after_are_published_as_a_peer_cleans_them(large: list[night.Large], tmp_path: Path) -> None:
    assert [(each.night, each.agrees) for each in large] == [("first night", True), ("night after", True)]
    assert all(each.ours[0].cpu > 0.1 and each.base[0].cpu > 0.1 for each in large)
    lake = night.Lake(tmp_path / "w" / "night-large")
    assert len(list((lake.curated("irb") / "versions").iterdir())) == 2
    assert agree.facts(lake.curated("irb") / "current").rows > 1_000
    assert list(lake.curated("irb").glob("current/*.csv")) == []


def test_where_the_rows_differ_there_is_no_ratio() -> None:
    costs = [Cost(3.0, 3.0, 200.0)], [Cost(2.0, 2.0, 400.0)]
    lines = list(night.large_table([night.Large("first night", 10.0, *costs, agrees) for agrees in (True, False)]))
    assert "1.50   1.50   0.50" in lines[1]
    assert "other rows" in lines[2] and "1.50" not in lines[2]


def test_every_feed_is_shown_with_the_seconds_of_its_stages() -> None:
    files = (FileOutcome("IRB_1.csv", "published", rows_read=1_234),)
    start = datetime(2025, 11, 5, 7, tzinfo=timezone.utc)
    run = RunOutcome(
        *("20251105T070000Z-1", date(2025, 11, 5), "cron", start, start, 1.0, SUCCESS, 0),
        feeds=(FeedOutcome("irb", "published", files=files),),
        stages=(StageTime("admit", "irb", 0.25), StageTime("publish", "irb", 1.5), StageTime("views", "", 0.75)),
    )
    lines = list(night.stage_table(run, Cost(4.0, 3.0, 250.0), {"IRB_1.csv": 2_500_000}))
    assert lines[1].split() == ["irb", "2.5", "1,234", "0.00", "0.25", "0.00", "0.00", "1.50"]
    assert lines[2] == "views 0.75 s; the night 4.00 s wall, 3.00 s CPU, 250 MB"

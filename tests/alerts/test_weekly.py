"""The Monday summary, by night and not by run, against weeks counted by hand."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from io import BytesIO

import pytest
from pypdf import PdfReader
from slack_sdk.models.blocks import Block
from support import samples
from support.polling import until
from support.project import ROOT
from support.slack_server import PATH, judge, unescaped
from support.snapshots import agrees

from datalake.alerts.blocks import payload
from datalake.alerts.mail import html as mail_html
from datalake.alerts.mail import plain
from datalake.alerts.ways import Ways
from datalake.clock import MovedClock
from datalake.errors import UsageError
from datalake.reports.chart import runtime_chart
from datalake.reports.gather import gather
from datalake.reports.messages import message
from datalake.reports.model import Report, from_json, rate, to_json
from datalake.reports.page import html
from datalake.reports.pdf import pdf
from datalake.reports.week import judged_nights, last_week, named_week, span_of
from datalake.reports.weekly import summarise
from datalake.runs import crumbs
from datalake.runs.record import record_run
from datalake.settings import Schedule, Settings
from datalake.zones.paths import Lake

SCHEDULE = Schedule(zone="America/New_York")
SETTINGS = Settings(name="BU Research Data Lake", schedule=SCHEDULE)
MONDAY_SEVEN = datetime(2025, 11, 3, 12, 0, tzinfo=timezone.utc)  # Mon 3 Nov 2025 07:00 EST, the day after the change
FIRST = date(2025, 10, 20)


@pytest.fixture
def nights(lake: Lake):
    """nights("ok fail miss ...") records that from Mon 20 Oct on; fail+ok is a failure and a success after it."""

    def put(words: str) -> None:
        for offset, word in enumerate(words.split()):
            for place, one in enumerate(word.split("+")):
                if one != "miss":
                    _record(lake, FIRST + timedelta(days=offset), one, place)

    return put


def _record(lake: Lake, night: date, word: str, place: int) -> None:
    start = datetime(night.year, night.month, night.day, 6 + place, 0, tzinfo=timezone.utc)
    seconds = 120.0 if word == "ok" else float(word.removeprefix("ok")) if word.startswith("ok") else 30.0
    sample = samples.SUCCESS if word.startswith("ok") else samples.KILLED
    run = replace(
        sample,
        run_id=f"{start:%Y%m%dT%H%M%SZ}-1",
        night=night,
        start=start,
        end=start + timedelta(seconds=seconds),
        runtime_sec=seconds,
    )
    crumbs.leave(lake, run)
    record_run(lake, SCHEDULE, run)


def summary(lake: Lake, now: datetime = MONDAY_SEVEN) -> Report:
    return gather(lake, SETTINGS, Ways(), MovedClock(now), last_week(SCHEDULE, now))


GOOD_WEEK = "ok ok ok ok ok ok ok"


def test_six_good_nights_and_a_failed_one_are_86_percent(lake, nights, slack) -> None:
    nights(f"{GOOD_WEEK} ok100 ok140 ok180 fail ok ok ok")
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 0
    text = slack.taken[0].everything
    assert "Weekly ETL Summary (Last 7 Days) · Mon 27 Oct – Sun 2 Nov 2025" in text
    assert "✅ Successful runs: 6" in text and "❌ Failed runs: 1" in text and "⛔ Missed: 0" in text
    assert "⏱️ Avg runtime: 2.17 min" in text  # (100 + 140 + 180 + 3 * 120) / 6 = 130 s
    assert "Success rate: 6 of 7 nights (86 %)" in text
    assert "week before: 7 of 7 nights (100 %)" in text
    (line,) = lake.summary_log.read_text().splitlines()
    assert "6 of 7 nights (86 %), 1 failed, 0 missed. Slack: sent (week-2025-W44)" in line


def test_a_channel_that_did_not_take_it_is_exit_code_1_although_the_other_did(lake, nights, slack, postfix) -> None:
    """As the head of weekly_summary_slack.sh has it; cron mails what a script that ends so says."""
    sink, relay = postfix
    sink.mails.clear()
    local = lake.config / "local" / "settings.yaml"
    local.parent.mkdir()
    local.write_text(f"alerts: {{mail: {{to: [a@example.edu], sendmail: {relay.sendmail}}}}}\n")
    nights(f"{GOOD_WEEK} {GOOD_WEEK}")
    slack.usual = "404"
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 1
    until(lambda: any("7 of 7 nights (100 %)" in mail.text("plain") for mail in sink.mails), "the report's mail")
    assert slack.taken == []
    (line,) = lake.summary_log.read_text().splitlines()
    assert "ALERT not everybody could be told" in line and "Slack: dead: 404 no_service" in line
    slack.usual = "slack"
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN + timedelta(hours=2))) == 0
    assert "7 of 7 nights (100 %)" in slack.taken[0].everything, "what it lacked is sent later"
    head = (ROOT / "src" / "weekly_summary_slack.sh").read_text(encoding="utf-8")
    assert "1 a channel did not (what it lacks is sent later)" in head


def test_a_night_that_never_started_counts_although_nothing_recorded_it(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok ok ok miss ok ok ok")
    made = summary(lake)
    assert (made.span.loaded, made.span.failed, made.span.missed) == (6, 0, 1)
    assert rate(made.span) == "6 of 7 nights (86 %)"
    assert "Thu 30 Oct: did not run" in plain(message(made, SETTINGS))


def test_a_night_that_was_good_at_the_second_try_is_good_and_counts_once(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok fail+ok100 ok+ok500 ok ok ok ok")
    made = summary(lake)
    assert (made.span.loaded, made.span.failed, made.span.missed) == (7, 0, 0)
    assert made.span.average_seconds == pytest.approx((100 + 6 * 120) / 7)


def test_the_night_of_this_monday_is_not_in_last_week(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK} fail")
    assert summary(lake).span.failed == 0


def test_nights_before_the_first_run_are_not_judged(lake, nights) -> None:
    nights("miss miss miss miss miss miss miss miss miss ok ok ok ok ok")
    assert rate(summary(lake).span) == "5 of 5 nights (100 %)"
    assert summary(lake).before.judged == 0


def test_a_week_without_nights_says_so_and_never_0_percent(lake, slack) -> None:
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 0
    text = slack.taken[0].everything
    assert "No nights to judge in this week." in text and "%" not in text


def test_last_week_is_the_last_whole_one_whatever_the_day() -> None:
    assert last_week(SCHEDULE, MONDAY_SEVEN) == date(2025, 10, 27)
    assert last_week(SCHEDULE, MONDAY_SEVEN - timedelta(hours=8)) == date(2025, 10, 20)  # Sunday 23:00 EST
    assert last_week(SCHEDULE, MONDAY_SEVEN + timedelta(days=6)) == date(2025, 10, 27)


def test_only_scheduled_nights_count() -> None:
    weekdays = replace(SCHEDULE, days="mon-fri")
    week = judged_nights(weekdays, date(2025, 10, 27), date(2025, 11, 2), (), date(2025, 10, 1), MONDAY_SEVEN)
    assert rate(span_of(week)) == "0 of 5 nights (0 %)" and span_of(week).missed == 5


def test_a_record_that_cannot_be_read_is_told_by_the_exit_code(lake, slack, capsys) -> None:
    lake.database.write_bytes(b"this is no database")
    assert summarise(lake, {"SLACK_WEBHOOK": slack.url}, MovedClock(MONDAY_SEVEN)) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert "ALERT no summary" in lake.summary_log.read_text()


def test_a_demo_week_says_demo(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK}")
    made = message(replace(summary(lake), demo=True), SETTINGS)
    assert "DEMO" in made.title and "DEMO" in made.subject and made.summary.startswith("DEMO")


def test_a_demos_runtimes_are_those_of_its_chart(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK}")
    with closing(sqlite3.connect(lake.database)) as record, record:
        record.execute("UPDATE etl_runtime SET trigger = 'demo'")
    made = summary(lake)
    assert [night.seconds for night in made.nights] == [120] * 7
    assert (made.span.average_seconds, made.span.median_seconds) == (120, 120)
    assert "Runtimes of 7 loads: median 2 min." in runtime_chart(made)


def test_the_seconds_of_an_ok_are_no_bar_of_the_chart(lake, nights) -> None:
    nights(f"{GOOD_WEEK} ok ok ok fail+ok ok ok ok")
    with closing(sqlite3.connect(lake.database)) as record, record:
        record.execute("UPDATE etl_runtime SET error = '' WHERE status = 'failure'")  # it was one feed that failed
        record.execute(
            "UPDATE etl_runtime SET trigger = 'approve', runtime_sec = 0.4"
            " WHERE night = '2025-10-30' AND status = 'success'"
        )
    made = summary(lake)
    assert [night.seconds for night in made.nights] == [120, 120, 120, None, 120, 120, 120]
    assert ">loaded<" in runtime_chart(made)


WEEK = f"{GOOD_WEEK} ok100 ok miss fail ok ok180 ok"


def pinned(report: Report) -> Report:
    """A report without what differs from machine to machine."""
    return replace(report, days_until_full=41, usable="All 8 feeds are current: they show Huron as of Sun 2 Nov.")


def test_the_summary_is_as_it_was_last_looked_at(lake, nights) -> None:
    nights(WEEK)
    report = pinned(summary(lake))
    made = message(report, SETTINGS, "logs/reports/2025-W44.html")
    agrees("weekly.slack.json", json.dumps(payload(made), indent=1, ensure_ascii=False) + "\n")
    agrees("weekly.mail.txt", f"Subject: {made.subject}\n\n{plain(made)}")
    agrees("weekly.mail.html", mail_html(made))
    agrees("weekly.html", html(report))


def test_the_summary_passes_slacks_own_validators_and_limits_however_much_there_is_to_say(lake, nights) -> None:
    nights(WEEK)
    usual = pinned(summary(lake))
    needy = tuple(f"problem {number}: <!channel> & {'x' * 400}" for number in range(40))
    for report in (usual, replace(usual, needs=needy, flaky=needy, tip="5e" * 32)):
        made = payload(message(report, SETTINGS, "logs/reports/2025-W44.html"))
        for block in Block.parse_all(made["blocks"]):
            block.validate_json()
        assert judge(PATH, "application/json", json.dumps(made).encode()) == (200, "ok") and not unescaped(made)


def test_the_figures_are_kept_and_a_report_that_was_made_never_changes(lake, nights) -> None:
    nights(WEEK)
    assert summarise(lake, {}, MovedClock(MONDAY_SEVEN)) == 0
    kept = lake.reports / "2025-W44.json"
    first = kept.read_bytes()
    assert (json.loads(first)["span"]["loaded"], json.loads(first)["span"]["judged"]) == (5, 7)
    _record(lake, date(2025, 10, 29), "ok", 5)  # the missed night is loaded after all, a week later
    assert summarise(lake, {}, MovedClock(MONDAY_SEVEN + timedelta(days=2)), "2025-W44") == 0
    assert kept.read_bytes() == first
    assert "5 of 7 nights (71 %)" in (lake.reports / "2025-W44.html").read_text(encoding="utf-8")


def test_json_keeps_all_of_a_report(lake, nights) -> None:
    nights(WEEK)
    report = summary(lake)
    assert from_json(json.loads(json.dumps(to_json(report)))) == report


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("2025-45", "is no week"), ("2025-W99", "is no week"), ("2025-W45", "is not over yet"), ("; rm", "is no week")],
)
def test_a_week_that_is_none_or_not_over_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        named_week(text, SCHEDULE, MONDAY_SEVEN)
    assert named_week("2025-W44", SCHEDULE, MONDAY_SEVEN) == date(2025, 10, 27)


def test_the_page_needs_nothing_from_outside_and_escapes_what_it_is_given(lake, nights) -> None:
    nights(WEEK)
    report = summary(lake)
    nasty = replace(report.nights[2], why="<script>alert(1)</script>\x1b[31m")
    page = html(replace(report, nights=(*report.nights[:2], nasty), name="<b>x</b>", needs=("</li><img src=x>",)))
    assert "<script" not in page and "<img" not in page and "<b>x" not in page and "\x1b" not in page
    assert not re.search(r'(?:src|href)="|url\(|@import', page)


def pages_of(report: Report) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf(report))).pages]


def test_the_pdf_of_a_usual_week_is_one_page_of_real_text_with_its_dashes_and_bullets(lake, nights) -> None:
    nights(WEEK)
    (text,) = pages_of(pinned(summary(lake)))
    assert "Mon 27 Oct – Sun 2 Nov 2025" in text
    assert "5 of 7 nights (71 %) loaded; week before: 7 of 7 nights (100 %)." in text.replace("\n", " ")
    assert "• Wed 29 Oct: did not run." in text and "All 8 feeds are current" in text


def test_the_pdf_of_a_large_lake_is_two_pages_and_no_heading_is_parted_from_its_table(lake, nights) -> None:
    nights(WEEK)
    report = pinned(summary(lake))
    many = tuple(replace(report.feeds[0], feed=f"feed{number:02}") for number in range(30))
    needy = tuple(f"problem {number}: it waits" for number in range(12))
    first, second = pages_of(replace(report, feeds=many, needs=needy))
    assert "In the data" not in first and second.index("In the data") < second.index("feed00") < second.index("feed29")
    assert "problem 11: it waits" in first and "The nights" in first and "Sun 2 Nov" in first


def test_the_same_report_gives_the_same_pdf(lake, nights) -> None:
    nights(WEEK)
    report = summary(lake)
    assert pdf(report) == pdf(report)


def test_text_that_the_pdf_font_lacks_is_replaced_and_nothing_breaks(lake, nights) -> None:
    nights(WEEK)
    assert pdf(replace(summary(lake), name="Łódź 大学 😀", needs=("x" * 3_000,)))[:5] == b"%PDF-"


def test_hours_of_old_data_count_from_each_deadline_to_the_load(lake, nights) -> None:
    nights("ok ok ok ok ok ok ok miss fail ok ok ok ok ok")
    # Mon 27 and Tue 28 Oct were never loaded: 24 hours to Tuesday's 06:00, then 20 to Wednesday's load at 02:00
    assert summary(lake).old_hours == 44.0


def test_hours_of_old_data_go_on_from_a_sunday_without_a_load_into_the_monday(lake, nights) -> None:
    nights("ok ok ok ok ok ok miss miss ok ok ok ok ok ok")
    # Sun 26 Oct was not loaded: the six hours of Monday up to its own deadline count for this week, then 20 more
    assert summary(lake).old_hours == 26.0


def test_a_week_whose_monday_was_slept_through_gets_its_report_a_week_later(lake, nights) -> None:
    nights(f"{GOOD_WEEK} {GOOD_WEEK}")
    assert summarise(lake, {}, MovedClock(MONDAY_SEVEN)) == 0
    assert sorted(path.name for path in lake.reports.glob("*.json")) == ["2025-W43.json", "2025-W44.json"]


def test_nothing_that_needs_a_person_is_dropped_without_saying_how_many_more_there_are(lake, nights) -> None:
    nights(WEEK)
    needy = replace(summary(lake), needs=tuple(f"problem {number}: it waits" for number in range(1, 31)))
    told = plain(message(needy, SETTINGS, "logs/reports/2025-W44.html"))
    assert "Needs a person: problem 10: it waits." in told
    assert "…and 20 more: `python3 manage.py alerts`" in told
    assert "Wed 29 Oct: did not run." in told, "what needs a person crowds out nothing else"
    page = html(needy)
    assert all(f"problem {number}: it waits." in page for number in range(1, 31))


def test_more_remarks_than_a_message_holds_are_counted_and_named_a_place(lake, nights) -> None:
    nights(WEEK)
    flaky = replace(summary(lake), flaky=tuple(f"feed{number}: 2 bad nights" for number in range(20)))
    told = plain(message(flaky, SETTINGS, "logs/reports/2025-W44.html"))
    assert "…and 13 more: logs/reports/2025-W44.html" in told  # 20 feeds, two nights, old data; ten are shown


@pytest.mark.parametrize(
    ("days", "said"), [(41, "about 41 days"), (1, "about 1 day"), (1_026_236, "more than ten years")]
)
def test_the_days_until_the_disk_is_full_are_said_as_far_as_they_mean_something(lake, days: int, said: str) -> None:
    told = plain(message(replace(summary(lake), days_until_full=days), SETTINGS))
    assert f"The disk is full in {said}, at the growth of the last weeks." in told


def test_the_figures_stand_beside_those_of_the_week_and_the_four_weeks_before(lake, nights) -> None:
    nights("fail ok100 ok200 ok ok ok ok ok100 ok180 miss ok ok ok ok")
    told = plain(message(summary(lake), SETTINGS))
    assert "⏱️ Avg runtime: 2.11 min (median 2 min)" in told  # (100 + 180 + 4 * 120) / 6 = 126.7 s
    # (100 + 200 + 4 * 120) / 6 = 130 s
    before = "6 of 7 nights (86 %), 1 failed, 0 missed, average 2.17 min, median 2 min"
    assert f"Week before: {before}" in told and f"Four weeks before, together: {before}" in told


def test_the_end_of_the_event_chain_is_in_the_summary_to_be_checked_later(lake, nights) -> None:
    nights(WEEK)
    told = message(replace(summary(lake), tip="ab" * 32), SETTINGS)
    assert f"`python3 manage.py verify --tip {'ab' * 32}`" in plain(told)
    assert "verify --tip" in json.dumps(payload(told))

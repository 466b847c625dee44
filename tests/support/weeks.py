"""A week's report as a lake with eight feeds would give it: a night that did not run, one that failed, one late."""

from datalake.reports.model import FeedFigure, Monitoring, NightFigure, Report, Span

KILLED = "The run was killed (signal 9; out of memory, or a restart?) while it cleaned irb"
FEEDS = (
    FeedFigure("awards", "2025-11-02", 12, 40),
    FeedFigure("coi", "2025-10-30", 3, 8, 1, bad_nights=3, old_hours=67.9),
    FeedFigure("grants", "2025-11-02", 30, 590, 0, 4, 1, 27.2),
    FeedFigure("iacuc", "2025-11-02", 5, 11, 0, 2),
    FeedFigure("irb", "2025-11-02", 70, 155, 10, 12),
    FeedFigure("people", "2025-11-02", 4, 33, 2),
    FeedFigure("proposals", "2025-11-02", 23, 51),
    FeedFigure("units", "2025-11-02", 0, 1),
)
NIGHTS = (
    NightFigure("2025-10-27", "ok", True, 130.0),
    NightFigure("2025-10-28", "overrun", True, 120.0),
    NightFigure("2025-10-29", "missed", False),
    NightFigure("2025-10-30", "failed", False, 30.0, KILLED),
    NightFigure("2025-10-31", "skipped", False),
    NightFigure("2025-11-01", "late", True, 180.0),
    NightFigure("2025-11-02", "ok", True, 118.0),
)
USUAL = Report(
    week="2025-W44",
    name="BU Research Data Lake",
    monday="2025-10-27",
    sunday="2025-11-02",
    nights=NIGHTS,
    span=Span(6, 4, 1, 1, 1, 137.0, 125.0),
    before=Span(7, 7, 0, 0, 0, 120.0, 120.0),
    four_weeks=Span(28, 26, 1, 1, 2, 125.5, 121.0),
    usable="You can use today's data for everything except coi, which is from Thu 30 Oct.",
    feeds=FEEDS,
    flaky=("coi: 3 bad nights in four weeks",),
    old_hours=48.0,
    needs=("problem 142: coi waits for your OK (shows Thu 30 Oct)",),
    monitoring=Monitoring(7, 12, 0, {"Slack": "2025-11-02"}, ("mail",)),
    days_until_full=41,
    tip="5e" * 32,
)

"""What is told about a run: the words users want, the seed's own lines, and nothing that could do harm."""

import json
import re
from dataclasses import replace
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from support import samples
from support.slack_server import PATH, judge, mrkdwn, unescaped
from support.snapshots import agrees

from datalake.alerts.blocks import payload, plain_payload, whole_text
from datalake.alerts.mail import Envelope, html, mail, plain
from datalake.alerts.message import Message
from datalake.alerts.messages import Context, message
from datalake.outcomes import Note, RunOutcome
from datalake.settings import Schedule, Settings

WEBHOOK = "https://hooks.slack.com/services/T1/B2/abcDEF"
SETTINGS = Settings(
    name="BU Research Data Lake",
    schedule=Schedule(zone="America/New_York"),
    secrets={"SLACK_WEBHOOK": WEBHOOK, "MASK_SALT": "pepper-pepper-42"},
)
TAIL = ("02:01:00 INFO irb: 8,000 rows published", '02:02:15 ERROR grants: no column "status"')
CONTEXT = Context(zone=ZoneInfo("America/New_York"), host="dl1", log_tail=TAIL, usual_rejected=(10, 15))
ENVELOPE = Envelope(
    "lake@example.edu",
    ("a@example.edu", "b@example.edu"),
    datetime(2025, 11, 5, 7, 3, tzinfo=timezone.utc),
    "<run-1@dl1>",
)


def told(run: RunOutcome, context: Context = CONTEXT) -> Message:
    return message(run, SETTINGS, context)


def slack_text(run: RunOutcome) -> str:
    return "\n".join(block["text"]["text"] for block in payload(told(run))["blocks"] if "text" in block)


def slack_blocks(run: RunOutcome) -> str:
    return json.dumps(payload(told(run))["blocks"])


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_message_is_as_it_was_last_looked_at(name: str) -> None:
    made = told(samples.EVERY[name])
    agrees(f"{name}.slack.json", json.dumps(payload(made), indent=1, ensure_ascii=False) + "\n")
    agrees(f"{name}.mail.txt", f"Subject: {made.subject}\n\n{plain(made)}")
    agrees(f"{name}.mail.html", html(made))


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_message_passes_slacks_own_validators_and_limits(name: str) -> None:
    made = payload(told(samples.EVERY[name]))
    for block in Block.parse_all(made["blocks"]):
        block.validate_json()
    assert judge(PATH, "application/json", json.dumps(made).encode()) == (200, "ok")
    assert len(made["blocks"]) <= 12


def test_a_success_says_what_the_seed_says() -> None:
    text = plain(told(samples.SUCCESS))
    assert "BU Research Data Lake – ETL Success" in text
    assert "ETL completed successfully in 2.25 min" in text
    assert "Start: 2025-11-05 02:00:00" in text
    assert "End: 2025-11-05 02:02:15 EST" in text


def test_every_success_says_where_the_event_chain_ends_as_a_command_that_checks_it() -> None:
    for run in (samples.SUCCESS, samples.NOTES):
        assert f"Event chain: `python3 manage.py verify --tip {'5e' * 32}`" in plain(told(run))
        assert f"verify --tip {'5e' * 32}" in slack_blocks(run)
    assert "Event chain" not in plain(told(replace(samples.SUCCESS, tip="")))


def test_a_success_says_first_what_it_means_for_the_data() -> None:
    first = payload(told(samples.SUCCESS))["blocks"][1]["text"]["text"].splitlines()
    assert first[0] == "*All 8 feeds are current: they show Huron as of Tue 4 Nov.*"
    assert first[1] == ("irb: 14 new, 31 changed, 2 no longer in Huron · grants: 6 new, 118 changed")
    assert first[2] == "48,210 rows loaded, 12 rejected (usual 10–15)"


def test_a_night_without_an_expected_file_is_never_a_plain_success() -> None:
    made = told(samples.NOTES)
    assert "ETL Success with notes" in made.title
    assert "irb shows Huron as of Tue 4 Nov; grants as of Mon 3 Nov." in plain(made)
    assert "Note: grants: no file of Tue 4 Nov has come." in plain(made)


def test_a_failure_says_what_is_old_why_and_what_to_do_before_any_detail() -> None:
    text = plain(told(samples.FAILURE))
    order = [
        "BU Research Data Lake – ETL Failure",
        "grants was not updated: its tables still show Mon 3 Nov. The other 7 feeds are current as of Tue 4 Nov."
        " Nothing wrong was published.",
        'Why: grants: GRANTS_2025-11-04.csv has no column "status".',
        "python3 manage.py retry grants",
        '  | 02:02:15 ERROR grants: no column "status"',
        "Exit code: 1 · 02:00:00–02:02:15 EST · Check logs: logs/cron_etl.log · host dl1",
    ]
    places = [text.index(piece) for piece in order]
    assert places == sorted(places)


def test_a_run_in_which_everything_that_failed_waits_for_ok_says_so() -> None:
    made = told(samples.HELD)
    assert "ETL Failure (waiting for OK)" in made.title
    assert made.summary.startswith("WAITING FOR OK: BU Research Data Lake, Wed 5 Nov 2025.")
    assert "`python3 manage.py approve irb --why REASON`" in plain(made)


def test_a_killed_run_says_that_nothing_half_loaded_was_published() -> None:
    text = plain(told(samples.KILLED))
    assert "The run was killed (signal 9; out of memory, or a restart?) while it cleaned irb." in text
    assert "Nothing half-loaded was published." in text
    assert "Exit code: 137" in text
    assert "  1. bash src/cron_runner.sh" in text


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_message_of_a_demo_run_says_demo_in_title_subject_and_summary(name: str) -> None:
    made = told(replace(samples.EVERY[name], demo=True))
    assert "DEMO" in made.title and "DEMO" in made.subject and "DEMO" in made.summary
    assert "DEMO" not in told(samples.EVERY[name]).title


def test_forty_feeds_that_fail_alike_are_one_message_with_the_first_five() -> None:
    failing = samples.FAILURE.feeds[1]
    run = replace(samples.FAILURE, feeds=tuple(replace(failing, feed=f"feed{number:02}") for number in range(40)))
    text = plain(told(run))
    assert "feed00, feed01, feed02, feed03, feed04 and 35 more were not updated" in text
    assert text.count("Why: ") == 5
    assert "Likewise not updated: feed05, feed06, feed07, feed08, feed09 and 30 more." in text


NASTY = (
    "<!channel> & <@U1> <http://evil.example|click> </b><script>alert(1)</script>",
    "a\r\nBcc: victim@example.com\r\n\r\n.\r\nx",
    "=?UTF-8?Q?=0A?=Bcc: victim@example.com",
    "\x1b[31mred\x1b[0m \x07 \x00 \u202e \udcff ```code``` `x` *bold*",
    "{{7*7}} ${HOME} $(reboot) %s {0} ';--",
)


@pytest.mark.parametrize("value", NASTY)
def test_foreign_text_stays_text_in_slack_mail_and_header(value: str) -> None:
    feed = replace(samples.FAILURE.feeds[1], feed=value, reason=value, fix=value)
    run = replace(samples.FAILURE, error=value, feeds=(feed,), notes=(Note("unmatched", value, value),))
    made = message(run, replace(SETTINGS, name=value), replace(CONTEXT, log_tail=(value,), host=value))
    sent = payload(made)
    assert unescaped(sent) == [] and unescaped(plain_payload(whole_text(made))) == []
    assert judge(PATH, "application/json", json.dumps(sent).encode()) == (200, "ok")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", json.dumps(sent, ensure_ascii=False))
    written = mail(made, ENVELOPE).as_bytes()
    headers = written.split(b"\n\n", 1)[0].decode("ascii")
    assert "Bcc" not in re.findall(r"^([\w-]+):", headers, re.M)
    assert re.fullmatch(r"[A-Za-z0-9 .,:'()_-]+", made.subject)
    assert "<script" not in html(made) and "<!channel" not in html(made)


def test_a_log_cannot_break_out_of_its_fence() -> None:
    run = replace(CONTEXT, log_tail=("before ``` <!here> after", "second line"))
    (fence,) = [text for text in mrkdwn(payload(told(samples.FAILURE, run))) if text.startswith("```")]
    assert fence == "```\nbefore ''' &lt;!here&gt; after\nsecond line\n```"


@settings(max_examples=25)
@given(st.text(alphabet=st.sampled_from("a&<>é😀 \n"), min_size=2_500, max_size=6_000))
def test_a_log_too_long_for_slack_keeps_head_and_tail_and_marks_the_cut(text: str) -> None:
    lines = tuple(("HEAD" + text + "TAIL").splitlines())
    made = payload(told(samples.FAILURE, replace(CONTEXT, log_tail=lines)))
    (fence,) = [each for each in mrkdwn(made) if each.startswith("```")]
    assert len(fence) <= 3_000 and not unescaped(made)
    assert fence.startswith("```\nHEAD") and fence.endswith("TAIL\n```")
    if "cut…" in fence:
        assert re.search(r"\[…[\d,]+ characters cut…\]", fence)


def test_a_paragraph_too_long_for_slack_is_cut_and_still_taken() -> None:
    run = replace(samples.FAILURE, notes=tuple(Note("n", "&" * 900) for _ in range(8)))
    made = payload(told(run))
    assert judge(PATH, "application/json", json.dumps(made).encode()) == (200, "ok")
    assert not unescaped(made)


SECRETS = (
    WEBHOOK,
    "pepper-pepper-42",
    "https://hooks.slack.com/services/T9/B9/other",
    "Max retries exceeded with url: /services/T000/B000/secret",
    "Authorization: Bearer abc.def.ghi",
    "password=hunter2",
    "API_KEY: 12345",
    "postgres://user:hunter2@db/x",
    "xoxb-1234567890-abc",
    "AKIAABCDEFGHIJKLMNOP",
    "jane.doe@example.edu",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_leaves_in_any_message(secret: str) -> None:
    run = replace(samples.FAILURE, error=f"see {secret} now", notes=(Note("unmatched", f"{secret}"),))
    made = told(run, replace(CONTEXT, log_tail=(f"x {secret} y",)))
    everything = json.dumps(payload(made)) + plain(made) + html(made) + whole_text(made)
    bare = re.split(r"[=: ]+|url: ", secret)[-1]
    assert bare not in everything
    assert "see " in everything and " now" in everything


def test_numbers_and_dates_are_the_same_under_any_locale() -> None:
    assert "Sun 1 Mar 2026" in told(replace(samples.SUCCESS, night=date(2026, 3, 1))).title


def test_feeds_that_never_had_data_are_not_counted_as_current() -> None:
    grants = samples.FAILURE.feeds[1]
    run = replace(
        samples.FAILURE,
        feeds=(samples.IRB, grants, samples.OTHERS[0], *(replace(each, as_of=None) for each in samples.OTHERS[1:3])),
    )
    text = plain(told(run))
    assert "2 others are current as of Tue 4 Nov. coi and iacuc have no data yet." in text
    assert "The other" not in text


def test_a_feed_that_loaded_one_file_and_was_refused_the_next_says_what_it_shows_and_which_was_refused() -> None:
    loaded, refused = samples.file("grants"), samples.file("grants", "refused", name="GRANTS_2025-11-05.csv")
    grants = replace(samples.FAILURE.feeds[1], as_of=samples.TUESDAY, files=(loaded, refused))
    text = plain(told(replace(samples.FAILURE, feeds=(samples.IRB, grants))))
    assert "grants: GRANTS_2025-11-05.csv was refused; its tables now show Tue 4 Nov, published in this run." in text
    assert "not updated" not in text and "still show" not in text


def test_the_year_is_said_where_it_is_not_the_runs() -> None:
    old = replace(samples.FAILURE.feeds[1], as_of=date(2024, 11, 4))
    text = plain(told(replace(samples.FAILURE, feeds=(samples.IRB, old))))
    assert "its tables still show Mon 4 Nov 2024." in text and "current as of Tue 4 Nov." in text
    whole = plain(told(replace(samples.SUCCESS, feeds=(replace(samples.IRB, as_of=date(2024, 11, 4)),))))
    assert "it shows Huron as of Mon 4 Nov 2024." in whole


def test_a_wrong_configuration_says_why_once_and_what_was_not_touched_once() -> None:
    error = "The configuration is wrong; nothing was touched. config/settings.yaml:2: unknown key 'thread'"
    text = plain(told(replace(samples.KILLED, exit_code=78, error=error, fix="python3 manage.py check")))
    assert "Why: config/settings.yaml:2: unknown key 'thread'." in text
    assert text.count("nothing was touched") == 1 and "half-" not in text
    assert "ERROR grants" not in text, "the log says the same mistakes again"


def test_that_nothing_half_done_was_published_is_said_once() -> None:
    older = "The run was ended from outside (SIGTERM) while at clean. Nothing half-done was published."
    assert plain(told(replace(samples.KILLED, exit_code=143, error=older))).count("Nothing half-") == 1


def test_a_load_that_made_up_for_a_missed_one_says_so() -> None:
    late = replace(samples.SUCCESS, trigger="boot", start=samples.START.replace(hour=11))
    made = message(late, replace(SETTINGS, schedule=Schedule(zone="America/New_York")), CONTEXT)
    assert "It was due at Wed 5 Nov 02:00 EST and began at Wed 5 Nov 06:00 EST." in plain(made)
    assert "It was due" not in plain(told(samples.SUCCESS))

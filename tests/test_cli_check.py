"""manage.py check: what a person who edits the configuration sees."""

import os

import pytest

from datalake.cli import etl
from datalake.zones.paths import Lake


def overlay(lake: Lake, name: str, content: str) -> None:
    path = lake.config / "local" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_the_configuration_that_ships_is_right_and_shown_feed_by_feed(lake, manage) -> None:
    said = manage("check")
    assert said.code == 0 and said.err == ""
    shipped = len(list((lake.config / "modules").glob("*.yaml")))
    assert said.out.startswith(f"The configuration is right: {shipped} feeds, ")
    assert "IRB_PROTOCOL_{date:%Y-%m-%d}.csv" in said.out and "GRANTS_{date:%Y-%m-%d}.csv" in said.out


def test_every_mistake_of_settings_and_rules_is_told_at_once_with_its_place(lake, manage) -> None:
    overlay(lake, "settings.yaml", "schedule:\n  nightly: 25:00\nsettle_secnds: 5\n")
    overlay(lake, "modules/irb.yaml", "feed: irb\nwrite_dispositon: replace\n")
    said = manage("check")
    assert said.code == 78 and said.out == ""
    assert "config/local/settings.yaml:2" in said.err
    assert "config/local/settings.yaml:3" in said.err and "settle_seconds" in said.err
    assert "config/local/modules/irb.yaml:2" in said.err and "write_disposition" in said.err
    assert "Traceback" not in said.err


def test_the_nightly_load_too_tells_the_mistakes_of_settings_and_rules_at_once_and_the_log_has_them(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay(lake, "settings.yaml", "nmae: x\n")
    overlay(lake, "modules/irb.yaml", "feed: irb\nwrite_dispositon: replace\n")
    assert etl.main([], lake) == 78
    for told in (capsys.readouterr().err, lake.etl_log.read_text(encoding="utf-8")):
        assert "config/local/settings.yaml:1" in told
        assert "config/local/modules/irb.yaml:2" in told


def test_a_feed_is_added_by_adding_one_file(lake, manage) -> None:
    before = manage("check").out.splitlines()
    overlay(lake, "modules/rooms.yaml", "expected_columns: [room_id, building]\n")
    said = manage("check")
    added = [line.split() for line in said.out.splitlines()[1:] if line not in before]
    assert said.code == 0 and ["rooms", "active", "ROOMS_*.csv", "2"] in [words[:4] for words in added]


def test_the_error_is_one_line_and_debug_shows_where_it_came_from(lake, manage) -> None:
    overlay(lake, "settings.yaml", "nmae: x\n")
    assert "Traceback" in manage("--debug", "check").err
    assert "Traceback" in lake.etl_log.read_text(encoding="utf-8")


@pytest.mark.parametrize("salt", [None, ""])
def test_a_column_to_be_hashed_without_a_salt_stops_every_load_before_it_touches_a_file(
    lake: Lake, manage, capsys: pytest.CaptureFixture[str], salt: str | None
) -> None:
    overlay(lake, "modules/irb.yaml", "columns:\n  - name: pi_email\n    mask: hash\n")
    if salt is not None:
        (lake.config / "secrets.env").write_text(f"MASK_SALT={salt}\n")
        (lake.config / "secrets.env").chmod(0o600)
    file = lake.incoming / "IRB_PROTOCOL_2025-11-04.csv"
    file.write_text("protocol_id\n")
    os.utime(file, (0, 0))
    told = "columns.pi_email.mask: hash needs a long random MASK_SALT in config/secrets.env"
    for words in (("check",), ("run",), ("try", str(file)), ("replay",)):
        said = manage(*words)
        assert said.code == 78, words
        assert said.err.count(told) == 1
        assert "config/local/modules/irb.yaml:2" in said.err
    assert etl.main([], lake) == 78
    assert told in capsys.readouterr().err
    assert file.exists()


def test_a_feed_for_a_cluster_that_settings_do_not_name_is_a_mistake(lake: Lake, manage) -> None:
    overlay(lake, "modules/irb.yaml", "partitions: 8\nengine: dask\n")
    said = manage("check")
    assert said.code == 78
    assert "irb.yaml:" in said.err
    assert "engine: dask needs scheduler: tcp://HOST:8786, or cluster: package.module:function" in said.err
    overlay(lake, "settings.yaml", "scheduler: tcp://127.0.0.1:8786\n")
    assert manage("check").out.endswith("engine   Dask, tcp://127.0.0.1:8786: irb\n")

"""A lake whose own state or published files are damaged: the page says what is wrong and shows what can be shown."""

import shutil

import pytest

from web.conftest import WEDNESDAY, night, publish
from web.pages import links, rows, text

READS_CURATED = (
    "/data/irb",
    "/data/irb.csv",
    "/views/studies",
    "/views/studies.csv",
    "/record?q=S-1",
    "/record?feed=irb&key=S-1",
)


@pytest.mark.parametrize("damage", [lambda path: path.write_text("{"), lambda path: path.unlink()])
def test_a_manifest_that_is_damaged_or_gone_is_told_beside_what_can_be_shown(lake, client, damage):
    publish(lake)
    damage(lake.manifest)

    said = text(client, "/")

    assert "data/metadata: manifest.json was" in said
    assert "`python3 manage.py verify` says whether all that is published is whole" in said
    assert rows(client, "/", "Feeds")[1][2] == "Tue 4 Nov 2025"


def test_a_damaged_line_of_the_event_log_is_told(lake, client):
    publish(lake)
    lake.manifest.unlink()
    path = next(lake.events.iterdir())
    path.write_bytes(b"no event\n" + path.read_bytes())

    assert "cannot be read" in text(client, "/")
    assert client.get("/status.json").get_json()["problems"]


@pytest.mark.parametrize("damage", ["cut", "gone", "version.json"])
def test_published_files_that_cannot_be_read_are_told_and_hide_nothing_else(lake, client, damage):
    publish(lake)
    for path in [*lake.data.glob("curated/**/*.parquet"), *lake.data.glob("curated/**/version.json")]:
        if damage == "cut" or (damage == "version.json" and path.name == damage):
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        elif damage == "gone" and path.suffix == ".parquet":
            path.unlink()

    answers = {path: client.get(path).status_code for path in READS_CURATED}

    assert set(answers.values()) <= {200, 302, 404, 503}, answers
    assert 503 in answers.values()
    for page in ("/", "/runs", "/feeds", "/feeds/irb", "/views", "/data", "/record", "/rejects", "/status"):
        assert client.get(page).status_code == 200, page
    for call in ("/api/v1/views", "/api/v1/feeds", "/api/v1/runs"):
        assert client.get(call).status_code in (200, 503), call
    assert rows(client, "/", "Feeds")[1][2] == "Tue 4 Nov 2025"


def test_a_lake_without_its_data_folder_still_shows_its_record(lake, client, record):
    record(night(WEDNESDAY))
    shutil.rmtree(lake.data)

    assert [client.get(path).status_code for path in ("/", "/runs", "/feeds", "/status")] == [200] * 4
    assert len([path for path in links(client, "/runs") if path.startswith("/runs/")]) == 1

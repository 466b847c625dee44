"""Schemathesis asks every call of the API, as its own document describes them, and judges each answer by it."""

from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from datalake.clock import MovedClock
from datalake.web.api.resources import RESOURCES
from datalake.web.app import create_app
from web.conftest import BREAKFAST, SETTINGS, WEDNESDAY, new_lake, night, published, refused, write_record

PATHS = [path for each in RESOURCES for path in ([each.path] if each.one else [each.path, f"{each.path}.csv"])]
QUICKLY = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
BEYOND_A_SCHEMA = [positive_data_acceptance]  # a cursor must be one that we made, from must not be later than to


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("api"))
    for back in range(5, -1, -1):
        day = WEDNESDAY - timedelta(days=back)
        irb = published("irb", day, rejected=back)
        write_record(lake, night(day, irb, refused("grants", day) if back == 2 else published("grants", day)))
    app = create_app(lake, SETTINGS, MovedClock(BREAKFAST))
    answer = app.wsgi_app
    app.wsgi_app = lambda environ, start: answer({"REMOTE_ADDR": "127.0.0.1", **environ}, start)
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


def test_the_document_has_every_resource(document):
    assert sorted(document.raw_schema["paths"]) == sorted(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_the_document_says(document, path):
    @QUICKLY
    @given(case=document[path]["GET"].as_strategy())
    def holds(case):
        case.call_and_validate(excluded_checks=BEYOND_A_SCHEMA, headers={"Accept-Encoding": "identity"})

    holds()

"""What is written about contracts and settings: tables, schemas and examples are what the loaders take."""

import json
import re
import shutil
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest
import yaml

from datalake import settings as settings_records
from datalake.contracts import keys, model
from datalake.contracts.config import load_contracts
from datalake.contracts.schema import REFERENCE, SCHEMAS, schema_text, with_tables
from datalake.documents.forms import Filled
from datalake.documents.text import parse
from datalake.settings import load
from datalake.settings_words import SETTINGS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / REFERENCE).read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(# (config/\S+)\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("local", "secrets.env"))
    return tmp_path


# --- made files are current -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_those_of_the_words(name):
    """If this fails: cd src && ../venv/bin/python -m datalake.contracts.schema"""
    title, form = SCHEMAS[name]
    assert (ROOT / name).read_text(encoding="utf-8") == schema_text(title, form)


def test_the_reference_tables_are_those_of_the_words():
    """If this fails: cd src && ../venv/bin/python -m datalake.contracts.schema"""
    assert with_tables(PAGE) == PAGE


# --- schemas agree with the loaders -----------------------------------------------------------------------------


def validator(name):
    schema = json.loads((ROOT / name).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


FEED_SCHEMA = "config/schema/feed.schema.json"
SHIPPED = sorted((ROOT / "config" / "modules").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_an_editor_finds_no_fault_with_a_shipped_contract_and_knows_its_schema(path):
    text = path.read_text(encoding="utf-8")
    validator(FEED_SCHEMA).validate(yaml.safe_load(text))
    assert (path.parent / text.splitlines()[0].partition("$schema=")[2]).resolve() == ROOT / FEED_SCHEMA


def test_an_editor_finds_no_fault_with_the_shipped_settings():
    text = (ROOT / "config/settings.yaml").read_text(encoding="utf-8")
    validator("config/schema/settings.schema.json").validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "colums: []",
        "columns: [{name: Bad Name}]",
        "columns: [{name: a, type: dtae}]",
        "columns: [{type: date}]",
        "status: on",
        "limits: {rejected_percent: many}",
        "version: 2",
    ],
)
def test_an_editor_and_the_loader_refuse_the_same_mistakes(text, root):
    (root / "config/modules/x.yaml").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(Exception, match=r"config/modules/x\.yaml:1"):
        load_contracts(root)
    if "many" not in text:  # a percentage may be text there, as in "20%"
        assert list(validator(FEED_SCHEMA).iter_errors(yaml.safe_load(text)))


# --- what stands when a key is left out -------------------------------------------------------------------------

RECORDS = [
    (keys.CONTRACT, model.Contract), (keys.COLUMN, model.Column), (keys.CONSTRAINTS, model.Constraints),
    (keys.CHECK, model.Check), (keys.DIALECT, model.Dialect), (keys.SCHEMA_CONTRACT, model.SchemaContract),
    (keys.FRESHNESS, model.Freshness), (keys.RELATIONSHIP, model.Reference), (SETTINGS, settings_records.Settings),
    *((key.kind, getattr(settings_records, name)) for key in SETTINGS.keys for name, word in [
        ("Schedule", "schedule"), ("FileLimits", "file_limits"), ("Dashboard", "dashboard")] if key.name == word),
]  # fmt: skip


@pytest.mark.parametrize(("form", "record"), RECORDS, ids=lambda each: getattr(each, "__name__", ""))
def test_the_defaults_in_the_tables_are_those_of_the_records(form, record):
    defaults = {each.name: each.default for each in fields(record)}
    document = "".join(f"{key.name}: {key.default}\n" for key in form.keys if key.default and key.name in defaults)
    filled = form.read(parse(document.encode(), "defaults").root, "", [])
    assert isinstance(filled, Filled)
    assert filled.values == {name: defaults[name] for name in filled.values}
    assert len(filled.values) == len(document.splitlines())


# --- examples ---------------------------------------------------------------------------------------------------


def test_every_example_says_which_file_it_is():
    assert PAGE.count("```yaml") == len(BLOCKS) > 10


@pytest.mark.parametrize(("text", "name"), BLOCKS, ids=[f"{at}-{name}" for at, (_, name) in enumerate(BLOCKS)])
def test_every_example_is_what_the_loader_takes(text, name, root):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    load_contracts(root)
    load(root, {})
    schema = "config/schema/settings.schema.json" if name.endswith("settings.yaml") else FEED_SCHEMA
    validator(schema).validate(yaml.safe_load(text))


def test_the_example_of_a_wrong_file_is_what_check_says(root):
    mistaken = root / "config/local/modules/irb.yaml"
    mistaken.parent.mkdir(parents=True)
    mistaken.write_text("# ours\ncolumns:\n  - name: status\n    aliasses: [x]\n", encoding="utf-8")
    own = root / "config/local/modules/visits.yaml"
    own.write_text("# 1\n" * 8 + "primary_key: [visit_no]\ncolumns: [{name: visit_id}]\n", encoding="utf-8")
    with pytest.raises(Exception, match="aliasses") as raised:
        load_contracts(root)
    assert f"```\n{raised.value}\n```" in PAGE

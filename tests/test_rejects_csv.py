"""`rejects FEED --csv`: what goes back to whoever sent the file, held against that file by the csv module alone."""

import csv
import io
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from datalake.demo.generator.answer_key import read_key
from datalake.demo.generator.forms import Form
from datalake.demo.generator.generate import Order, generate
from datalake.demo.generator.rates import BAD, USUAL
from datalake.demo.generator.world import World
from datalake.zones.paths import Lake

DAY = date(2025, 11, 4)
RATES = replace(USUAL, **dict.fromkeys(BAD, 0.01))
FORMS = {
    "as Huron sends it": Form(),
    "pipes and UTF-16": Form(delimiter="|", encoding="utf-16", header="shouting", moved=True),
    "semicolons, CR, Windows-1252": Form(delimiter=";", encoding="cp1252", newline="\r", added=("reviewer_note",)),
}
SETTINGS = "settle_seconds: 0\n"
LENIENT = "limits: {rejected_percent: 90}\n"


@pytest.fixture
def lenient(lake: Lake) -> Lake:
    """A lake that publishes irb files however many of their rows are bad."""
    (lake.config / "local" / "modules").mkdir(parents=True)
    (lake.config / "local" / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    (lake.config / "local" / "modules" / "irb.yaml").write_text(LENIENT, encoding="utf-8")
    return lake


def records(text: str, delimiter: str) -> dict[int, list[str]]:
    """Every record of a CSV text by the physical line it starts on, as the csv module reads it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found, line = {}, 1
    for cells in reader:
        found[line] = cells
        line = reader.line_num + 1
    return found


@pytest.mark.parametrize("name", FORMS)
def test_rejected_rows_come_back_cell_by_cell_as_they_were_sent(name: str, lenient: Lake, manage, tmp_path) -> None:
    form = FORMS[name]
    made = generate(Order(World(7, DAY, 600), "irb", DAY, form, RATES), lenient.incoming, tmp_path)
    sent = records(made.path.read_bytes().decode(form.encoding), form.delimiter)
    assert manage("run").code == 0
    said = manage("rejects", "irb", "--csv")
    assert (said.code, said.err) == (0, "")
    header, *rows = csv.reader(io.StringIO(said.out, newline=""), delimiter=form.delimiter)
    assert header == ["_line", "_reasons", *sent[1]]
    assert {int(row[0]): row[2:] for row in rows} == {int(row[0]): sent[int(row[0])] for row in rows}
    meant = {each.line for each in read_key(made.key).rows if each.outcome == "rejected"}
    assert {int(row[0]) for row in rows} == meant and len(meant) > 30
    assert {len(row) - 2 - len(sent[1]) for row in rows} > {0}, "no ragged row was among them"
    assert all(row[1] for row in rows)


def test_the_mended_rows_are_loaded_by_retry(lenient: Lake, manage) -> None:
    """The whole way: rejected, sent back, the rules mended, taken again."""
    raw = "protocol_id,study_title,pi_name,status,last_updated,is_clinical_trial\n" + "".join(
        f"STUDY0000000{at},Fog,Mo,Approved,2025-11-01 01:02:03,{flag}\n" for at, flag in enumerate(("Yes", "J", "No"))
    )
    file = lenient.incoming / "IRB_PROTOCOL_2025-11-04.csv"
    file.write_text(raw, encoding="utf-8")
    assert manage("run").code == 0
    (back,) = list(csv.DictReader(io.StringIO(manage("rejects", "irb", "--csv").out)))
    assert (back["_line"], back["protocol_id"], back["is_clinical_trial"]) == ("3", "STUDY00000001", "J")
    assert back["_reasons"] == 'is_clinical_trial "J": is neither yes nor no'
    mended = LENIENT + "columns:\n  - {name: is_clinical_trial, type: string}\n"
    Path(lenient.config / "local" / "modules" / "irb.yaml").write_text(mended, encoding="utf-8")
    assert manage("retry", "irb").code == 0
    with open(os.path.join(lenient.curated("irb"), "current", "irb.csv"), encoding="utf-8-sig", newline="") as shown:
        assert [row["is_clinical_trial"] for row in csv.DictReader(shown)] == ["Yes", "J", "No"]
    assert "irb: no row of its newest file was rejected" in manage("rejects", "irb").out

"""Every fault of content in the fault matrix (faults.md B.3, by number): what must hold, and what a user is told."""

import gzip
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from support import staging

from datalake.contracts.model import Column, Constraints, Contract, Delivery, Dialect, SchemaContract, SkipRow
from datalake.errors import Refused
from datalake.settings import FileLimits

HEADER = "id,title,amount,start,updated"
GOOD = f"{HEADER}\nA1,x,1.50,2025-01-02,2025-01-02 03:04:05\nA2,y,,,\n"


def refused(
    folder: Path, data: bytes | str, rules: Contract | None = None, limits: FileLimits | None = None
) -> Refused:
    """Return the refusal of a file, on which both engines must agree, and after which nothing looks finished."""
    work = staging.job(folder, data, rules, limits=limits or FileLimits())
    fast, slow = staging.refusal(work), staging.refusal(work, staging.slow)
    assert isinstance(fast, Refused)
    assert isinstance(slow, Refused)
    assert (fast.rule, fast.message, fast.line) == (slow.rule, slow.message, slow.line)
    assert not (work.staging / "staged.json").exists()
    return fast


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf", b"\n\n\r\n", b"\0" * 5000], ids=["0 bytes", "mark", "blank", "NUL"]
)
def test_50_an_empty_file_is_refused(data: bytes, tmp_path: Path) -> None:
    assert refused(tmp_path, data).rule == "empty_file"


@pytest.mark.parametrize("data", [HEADER, HEADER + "\n", HEADER + "\r\n\r\n", f"sep=,\n{HEADER}\n"])
def test_51_a_file_with_a_header_alone_is_refused(data: str, tmp_path: Path) -> None:
    assert refused(tmp_path, data).rule == "header_only"


def test_52_a_missing_required_column_is_named_with_what_is_there_instead(tmp_path: Path) -> None:
    problem = refused(tmp_path, "study,title\nA1,x\n")
    assert problem.rule == "missing_column"
    assert '"id"' in problem.message
    assert '"study"' in problem.message
    assert problem.line == 1


def test_52_a_column_that_need_not_be_there_is_null_and_named(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,title\nA1,x\n")
    assert found.staged.absent == ("amount", "start", "updated")
    assert found.column("amount") == [None]


def test_52_missing_columns_can_be_frozen_out(tmp_path: Path) -> None:
    rules = staging.contract(schema_contract=SchemaContract(missing_columns="freeze"))
    assert '"amount"' in refused(tmp_path, "id,title\nA1,x\n", rules).message


@pytest.mark.parametrize("header", ["id,title,title", "id,Title, title ", "id,title,TITLE"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_53_duplicate_headers_are_refused(header: str, delimiter: str, tmp_path: Path) -> None:
    text = f"{header}\nA1,x,y\n".replace(",", delimiter)
    problem = refused(tmp_path, text, staging.contract(dialect=Dialect("auto")))
    assert (problem.rule, problem.line) == ("duplicate_header", 1)


def test_54_columns_in_another_order_with_mark_and_quotes_are_found_by_name(tmp_path: Path) -> None:
    text = '\ufeff"Updated",EXTRA,"Title",Id\r\n2025-01-02 03:04:05,e,x,A1\r\n'
    found = staging.stage(tmp_path, text)
    assert (found.column("id"), found.column("title")) == (["A1"], ["x"])
    assert found.staged.new_columns == ("EXTRA",)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_55_the_delimiter_is_found_by_the_header(delimiter: str, tmp_path: Path) -> None:
    rules = staging.contract(dialect=Dialect("auto"))
    found = staging.stage(tmp_path, GOOD.replace(",", delimiter), rules)
    assert found.staged.delimiter == delimiter
    assert found.staged.accepted == 2


def test_55_a_wrong_delimiter_is_refused_and_the_right_one_named(tmp_path: Path) -> None:
    assert "looks semicolon-separated" in refused(tmp_path, GOOD.replace(",", ";")).message


def test_55_a_line_that_declares_the_delimiter_is_believed(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "sep=;\r\n" + GOOD.replace(",", ";"))
    assert (found.staged.delimiter, found.staged.accepted) == (";", 2)
    assert found.column("_source_line") == [3, 4]


def test_55_a_preamble_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "Report of 4 November\n" + GOOD).rule == "missing_column"


def test_56_ragged_rows_are_rejected_with_their_lines_and_never_shifted(tmp_path: Path) -> None:
    text = f'{HEADER}\nA1,"x\ny",1,,\nA2,x,1,,,extra\nA3,x\n\nA4,x,1,,\n'
    found = staging.stage(tmp_path, text)
    assert found.column("id") == ["A1", "A4"]
    assert found.rejected == [(4, None, "cell_count"), (5, None, "cell_count")]
    assert [each["message"] for each in found.findings] == ["6 cells; the header has 5", "2 cells; the header has 5"]
    assert [each["record"] for each in found.findings] == ["A2,x,1,,,extra", "A3,x"]


def test_56_one_long_first_row_shifts_nothing(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,title\nA1,x,3\nA2,y\n")
    assert (found.column("id"), found.column("title")) == (["A2"], ["y"])


def test_56_when_all_rows_are_ragged_all_are_rejected(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, "id,title\n" + "A1,x,3\n" * 40)
    assert (found.staged.accepted, found.staged.rejected, found.staged.parts) == (0, 40, ())


def test_57_a_quote_that_is_never_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    problem = refused(tmp_path, f'{HEADER}\nA1,x,1,,\nA2,"x,1,,\nA3,x,1,,\n')
    assert (problem.rule, problem.line) == ("unclosed_quote", 3)


def test_57_a_quote_that_swallows_too_much_is_refused_long_before_the_end(tmp_path: Path) -> None:
    text = f'{HEADER}\nA1,"x,1,,\n' + "A2,x,1,,\n" * 1000
    problem = refused(tmp_path, text, limits=FileLimits(max_line_bytes=500))
    assert (problem.rule, problem.line) == ("unclosed_quote", 2)


def test_57_a_stray_quote_that_swallows_rows_rejects_them_whole(tmp_path: Path) -> None:
    text = f'{HEADER}\nA1,"broken,1,,\nA2,y,1,,\nA3,"z, z",1,,\nA4,x,1,,\n'
    found = staging.stage(tmp_path, text)
    assert found.column("id") == ["A4"]
    assert found.rejected == [(2, None, "stray_quote")]
    assert found.findings[0]["record"] == 'A1,"broken,1,,\nA2,y,1,,\nA3,"z, z",1,,'


def test_57_a_quote_within_an_unquoted_cell_is_text(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, f'{HEADER}\nA1,5" pipe,1,,\nA2,6"" rod,1,,\nA3,"a ""b"" c",1,,\n')
    assert found.column("title") == ['5" pipe', '6"" rod', 'a "b" c']


def test_58_a_huge_cell_under_the_limit_is_kept_whole(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, f"{HEADER}\nA1,{'x' * 131_073},1,,\n")
    assert len(found.column("title")[0]) == 131_073


def test_58_a_line_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    problem = refused(tmp_path, f"{HEADER}\nA1,x,1,,\nA2,{'x' * 2_000_000},1,,\n")
    assert (problem.rule, problem.line) == ("line_too_long", 3)
    assert len(problem.message) < 200


def test_58_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    assert refused(tmp_path, GOOD, limits=FileLimits(max_bytes=20)).rule == "too_large"


def test_59_too_many_columns_are_refused_from_the_header(tmp_path: Path) -> None:
    problem = refused(tmp_path, ",".join(f"c{each}" for each in range(100_000)) + "\n")
    assert (problem.rule, problem.message) == (
        "too_many_columns",
        "The header has 100,000 columns; the limit is 2,000.",
    )


def test_59_a_header_line_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "x" * 3_000_000 + "\nA1\n").rule == "line_too_long"


def test_60_a_row_with_a_nul_byte_is_rejected_and_never_cut_there(tmp_path: Path) -> None:
    found = staging.stage(tmp_path, f"{HEADER}\nA1,x\0y,1,,\nA2,y,1,,\n")
    assert (found.column("id"), found.rejected) == (["A2"], [(2, None, "nul_byte")])
    assert found.findings[0]["record"] == "A1,x\0y,1,,"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_61_text_comes_out_right_in_every_accepted_encoding(encoding: str, tmp_path: Path) -> None:
    title = "Étude – “smart” quotes"
    found = staging.stage(tmp_path, f"{HEADER}\nA1,{title},1,,\n".encode(encoding))
    assert found.column("title") == [title]
    assert found.staged.encoding == encoding


def test_61_utf16_of_either_byte_order_is_read_by_its_mark(tmp_path: Path) -> None:
    for name, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        found = staging.stage(tmp_path / name, mark + GOOD.encode(name))
        assert (found.staged.encoding, found.staged.accepted) == ("utf-16", 2)


def test_61_utf16_without_a_mark_is_named_and_refused_unless_expected(tmp_path: Path) -> None:
    problem = refused(tmp_path / "a", GOOD.encode("utf-16-le"))
    assert (problem.rule, "UTF-16" in problem.message) == ("not_text", True)
    rules = staging.contract(encoding=("utf-16-le",))
    assert staging.stage(tmp_path / "b", GOOD.encode("utf-16-le"), rules).staged.accepted == 2


def test_61_bytes_that_no_listed_encoding_has_are_refused_with_line_and_byte(tmp_path: Path) -> None:
    rules = staging.contract(encoding=("utf-8",))
    problem = refused(tmp_path / "a", f"{HEADER}\r\nA1,x,1,,\r\n".encode() + b"A2,caf\xe9,1,,\r\n", rules)
    assert (problem.rule, problem.line) == ("not_text", 3)
    assert "0xE9" in problem.message
    problem = refused(tmp_path / "b", f"{HEADER}\nA1,x,1,,\n".encode() + b"A2,\x81\xe9,1,,\n")
    assert "utf-8 or cp1252" in problem.message


def test_61_a_utf8_file_with_one_bad_line_is_refused_and_not_turned_into_nonsense(tmp_path: Path) -> None:
    lines = [f"{HEADER}\n".encode(), *(f"A{each},é – ü,1,,\n".encode() for each in range(9)), b"A99,caf\xe9,1,,\n"]
    problem = refused(tmp_path, b"".join(lines))
    assert (problem.rule, problem.line) == ("not_text", 11)
    assert "mixes encodings" in problem.message


def test_61_a_bad_byte_anywhere_in_the_file_is_found(tmp_path: Path) -> None:
    rules = staging.contract(encoding=("utf-8",))
    for place in (HEADER.index("title"), len(HEADER) + 5, 4000):
        data = bytearray(f"{HEADER}\n".encode() + b"A1,x,1,,\n" * 1000)
        data[place] = 0xFF
        assert refused(tmp_path / str(place), bytes(data), rules).line == data[:place].count(b"\n") + 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_62_every_kind_of_line_end_gives_the_same_rows(end: str, tmp_path: Path) -> None:
    found = staging.stage(tmp_path, GOOD.replace("\n", end))
    assert (found.staged.rows_read, found.column("_source_line")) == (2, [2, 3])


def test_62_mixed_line_ends_and_odd_separators_within_cells_count_right(tmp_path: Path) -> None:
    text = f'{HEADER}\r\nA1,"p\rq\r\nr\ns",1,,\nA2,a\u2028b\x85c\x0bd\x0ce,1,,\rA3,x,1,,\r\n\r\nA4,x,1,,'
    found = staging.stage(tmp_path, text)
    assert found.column("id") == ["A1", "A2", "A3", "A4"]
    assert found.column("_source_line") == [2, 6, 7, 9]
    assert found.column("title")[:2] == ["p\rq\r\nr\ns", "a\u2028b\x85c\x0bd\x0ce"]


def test_63_words_that_look_like_nothing_or_numbers_stay_text(tmp_path: Path) -> None:
    words = ["NA", "Null", "True", "007", "1E5", "nan", "-inf"]
    text = f"{HEADER}\n" + "".join(f"A{number},{word},1,,\n" for number, word in enumerate(words))
    assert staging.stage(tmp_path, text).column("title") == words


def test_64_impossible_and_ambiguous_dates_are_rejected_by_rule(tmp_path: Path) -> None:
    rules = staging.contract((Column("id"), Column("start", "date")))
    days = ["2025-02-30", "02/03/2025", "45000", "0000-01-01", "0001-01-01", "9999-12-31"]
    found = staging.stage(tmp_path, "id,start\n" + "".join(f"A{at},{day}\n" for at, day in enumerate(days)), rules)
    assert found.rejected == [(line, "start", "type") for line in (2, 3, 4, 5)]
    assert [each.year for each in found.column("start")] == [1, 9999]
    assert [each["value"] for each in found.findings] == days[:4]


def test_65_repeated_keys_go_by_rule(tmp_path: Path) -> None:
    rows = [
        "A1,old,1,,2025-01-01 00:00:00",
        "A1,new,1,,2025-01-03 00:00:00",
        "A1,mid,1,,2025-01-02 00:00:00",
        "A2,x,1,,",
        "A2,x,1,,",
    ]
    found = staging.stage(tmp_path, HEADER + "\n" + "\n".join(rows))
    assert (found.column("title"), found.column("_source_line")) == (["new", "x"], [3, 5])
    assert (found.staged.superseded, found.staged.duplicates, found.staged.rejected) == (2, 1, 0)
    assert [(each["line"], each["outcome"], each["key"]) for each in found.findings] == [
        (2, "superseded", "A1"), (4, "superseded", "A1"), (6, "duplicate", "A2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML page"),
        (b"\n  <html lang='en'>", "HTML page"),
        (b'{"error": "session expired"}', "JSON"),
        (b'[{"id": 1}]', "JSON"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (gzip.compress(b"id,title\n", mtime=0), "gzip"),
        (b"PK\x03\x04....[Content_Types].xml", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 20, "Excel workbook"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
    ],
)
def test_67_other_kinds_of_file_are_refused_in_words(data: bytes, words: str, tmp_path: Path) -> None:
    problem = refused(tmp_path, data)
    assert (problem.rule, words in problem.message) == ("not_csv", True)


def packed_as(kind: str) -> Contract:
    return replace(staging.contract(), delivery=Delivery(f"IRB_{{date:%Y-%m-%d}}.csv.{kind}"))


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in names:
            archive.writestr(each, GOOD)
    return out.getvalue()


def test_68_packed_files_are_read_where_the_pattern_says_so(tmp_path: Path) -> None:
    gz = staging.fast(staging.job(tmp_path / "gz", gzip.compress(GOOD.encode()), packed_as("gz")))
    zip_ = staging.fast(staging.job(tmp_path / "zip", zipped("IRB.csv"), packed_as("zip")))
    assert (gz.staged.accepted, zip_.staged.accepted) == (2, 2)


@pytest.mark.parametrize("name", ["IRB_1.csv", "IRB_1.CSV.GZ", "IRB_1.csv.zip"])
def test_one_pattern_takes_packed_files_and_others_by_their_names(name: str, tmp_path: Path) -> None:
    made = {"gz": lambda: gzip.compress(GOOD.encode()), "zip": lambda: zipped("a.csv")}
    data = made.get(name[-3:].lower().lstrip("."), GOOD.encode)()
    work = staging.job(tmp_path, b"", replace(staging.contract(), delivery=Delivery("IRB_*.csv*")))
    source = work.source.with_name(name)
    source.write_bytes(data)
    assert staging.fast(replace(work, source=source)).staged.accepted == 2


@pytest.mark.parametrize(
    ("data", "kind", "rule"),
    [
        (gzip.compress(b"x" * 50_000_000, mtime=0), "gz", "too_large"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-12], "gz", "not_csv"),
        (b"id,title\nA1,x\n", "gz", "not_csv"),
        (zipped("a.csv", "b.csv"), "zip", "not_csv"),
        (zipped("a.csv")[:40], "zip", "not_csv"),
    ],
    ids=["bomb", "cut", "unpacked", "two members", "cut zip"],
)
def test_68_bombs_and_broken_archives_are_refused(data: bytes, kind: str, rule: str, tmp_path: Path) -> None:
    problem = staging.refusal(staging.job(tmp_path, data, packed_as(kind)))
    assert isinstance(problem, Refused)
    assert problem.rule == rule


def test_69_totals_and_repeated_headers_are_counted_apart(tmp_path: Path) -> None:
    rules = staging.contract(skip_rows=(SkipRow("id", "Total.*|IGNORE"),))
    text = f"{GOOD}{HEADER.upper()}\n{HEADER}\nTotal rows: 2\nIGNORE,x,,,\nTotal,,3.00,,\n"
    found = staging.stage(tmp_path, text, rules)
    assert (found.staged.accepted, found.staged.excluded) == (2, 4)
    assert {line for line, _, _ in found.rejected} == {4}  # a header in other letters is a row like any other
    assert [each["rule"] for each in found.findings if each["outcome"] == "excluded"] == ["repeated_header"] + [
        "skip_rows"
    ] * 3


def test_a_finding_that_by_rule_fails_the_file_refuses_it_at_its_line(tmp_path: Path) -> None:
    columns = (Column("id"), Column("amount", "number", on_fail="fail", constraints=Constraints(minimum="0")))
    problem = refused(tmp_path, "id,amount\nA1,1\nA2,-1\nA3,x\n", staging.contract(columns))
    assert (problem.rule, problem.line) == ("check_failed", 3)
    assert "amount" in problem.message

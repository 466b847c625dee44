"""What is taken out of incoming, and what is named and left: the directory zoo and hostile names."""

import json
import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.nights import IRB, Office, feed, file, irb_csv, kinds, note

from datalake.contracts.model import Delivery
from datalake.zones import claims

NAME = "IRB_PROTOCOL_2025-11-04.csv"


def at(here: Office, name: str = NAME) -> Path:
    return here.lake.incoming / name


def test_a_file_of_no_feed_stays_where_it_is_and_is_named(here: Office) -> None:
    path = here.deliver("lunch menu.csv", "a,b\n1,2\n")
    outcome = here.night()
    assert outcome.status == "success"
    assert note(outcome, "unmatched") == "Left in incoming: lunch menu.csv: matches no feed."
    assert path.read_text() == "a,b\n1,2\n"


def test_many_files_of_no_feed_make_one_note_that_counts_them(here: Office) -> None:
    for number in range(9):
        here.deliver(f"stray{number}.csv", "x")
    text = note(here.night(), "unmatched")
    assert text.endswith("and 4 more.")
    assert text.count("stray") == 5


def test_a_file_that_two_feeds_would_take_is_given_to_neither(here: Office) -> None:
    here.contracts = (IRB, replace(IRB, feed="irb2"))
    here.irb("2025-11-04", "A")
    assert "matches more than one feed: irb, irb2" in note(here.night(), "unmatched")
    assert here.incoming() == [NAME]


def test_a_file_that_changed_a_moment_ago_waits_for_the_next_run(here: Office) -> None:
    here.deliver(NAME, irb_csv("A"), age=59)
    outcome = here.night()
    assert "still arriving: changed less than 60 seconds ago" in note(outcome, "still_arriving")
    assert here.incoming() == [NAME]
    here.clock.advance(2)
    assert here.night().status == "success"
    assert here.ids() == ["A"]


def test_a_feed_may_have_a_settle_time_of_its_own(here: Office) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, settle_seconds=600))
    here.deliver(NAME, irb_csv("A"), age=500)
    assert "less than 600 seconds" in note(here.night(), "still_arriving")


def test_a_time_stamp_from_the_future_does_not_keep_a_file_out_for_ever(here: Office) -> None:
    path = here.deliver(NAME, irb_csv("A"))
    here.clock.set(here.clock.now().replace(year=2099))  # long after the inode's own time, which is today's
    stamp = here.clock.now().timestamp() + 7200
    os.utime(path, (stamp, stamp))
    assert here.night().status == "success"
    assert here.incoming() == []


def test_a_done_marker_is_waited_for_and_goes_with_its_file(here: Office) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, done_marker="{name}.done"))
    here.irb("2025-11-04", "A")
    assert f"waits for {NAME}.done" in note(here.night(), "still_arriving")

    here.deliver(f"{NAME}.done", "")

    outcome = here.night()
    assert (outcome.status, kinds(outcome)) == ("success", [])
    assert here.incoming() == []


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_a_checksum_file_is_checked_and_kept(here: Office, algorithm: str) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, checksum="{name}.sum"))
    path = here.irb("2025-11-04", "A")
    told = subprocess.run(
        ["openssl", "dgst", f"-{algorithm}", "-r", str(path)], capture_output=True, text=True, check=True
    ).stdout
    here.deliver(f"{NAME}.sum", told)

    outcome = here.night()

    assert (outcome.status, here.incoming()) == ("success", [])
    (kept,) = here.lake.raw_zone.glob("irb/*/*.companions.json")
    assert json.loads(kept.read_text()) == {f"{NAME}.sum": told}


def test_a_file_that_contradicts_its_checksum_is_refused(here: Office) -> None:
    here.with_irb(delivery=Delivery(IRB.delivery.pattern, checksum="{name}.sha256"))
    here.irb("2025-11-04", "A")
    here.deliver(f"{NAME}.sha256", "0" * 64 + f"  {NAME}\n")
    outcome = here.night()
    assert feed(outcome).status == "refused"
    assert f"but {NAME}.sha256 says {'0' * 64}" in feed(outcome).reason


@pytest.mark.parametrize(
    "name",
    [f"{NAME}.part", f"{NAME}.filepart", f".{NAME}.Xa3f9", f"~${NAME}", f"{NAME}.crdownload", ".DS_Store", f"{NAME}~"],
)
def test_names_of_transfers_in_progress_are_left_alone_quietly(here: Office, name: str) -> None:
    path = here.deliver(name, irb_csv("A"))
    assert kinds(here.night()) == ["no_files"]
    assert path.exists()


def test_a_transfer_that_began_yesterday_is_worth_a_word(here: Office) -> None:
    here.deliver(f"{NAME}.part", "half", age=26 * 3600)
    assert f"{NAME}.part: a transfer that did not finish?" in note(here.night(), "temporary")


def test_folders_pipes_sockets_links_and_devices_are_named_and_never_opened(here: Office) -> None:
    at(here).mkdir()
    os.mkfifo(at(here, "IRB_PROTOCOL_2025-11-05.csv"))
    secret = here.lake.root / "secret.csv"
    secret.write_text(irb_csv("SECRET"))
    at(here, "IRB_PROTOCOL_2025-11-06.csv").symlink_to(secret)
    at(here, "IRB_PROTOCOL_2025-11-07.csv").symlink_to(here.lake.root / "nowhere")
    at(here, "IRB_PROTOCOL_2025-11-08.csv").symlink_to(at(here, "IRB_PROTOCOL_2025-11-08.csv"))
    if os.geteuid() == 0:
        os.mknod(at(here, "IRB_PROTOCOL_2025-11-09.csv"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
    here.irb("2025-11-03", "A")
    names = [name for name in here.incoming() if name != "IRB_PROTOCOL_2025-11-03.csv"]

    outcome = here.night()

    assert outcome.status == "success"
    text = note(outcome, "not_a_file")
    assert "a folder, not a file" in text
    assert "a named pipe, not a file" in text
    assert "a symbolic link, not a file" in text
    assert here.incoming() == names
    assert here.ids() == ["A"]
    assert secret.read_text() == irb_csv("SECRET")


def test_a_socket_is_named_and_left(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here.lake.incoming)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(NAME)
        assert "a socket, not a file" in note(here.night(), "not_a_file")


def test_a_pipe_put_in_place_of_a_file_after_the_look_does_not_block(here: Office) -> None:
    path = here.irb("2025-11-04", "A")
    (entry,) = claims.list_incoming(here.lake).entries
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Exception, match="not a regular file"):
        claims.claim(here.lake, entry, date(2025, 11, 5))


def test_a_link_put_in_place_of_a_file_after_the_look_is_not_followed(here: Office) -> None:
    path = here.irb("2025-11-04", "A")
    (entry,) = claims.list_incoming(here.lake).entries
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"):
        claims.claim(here.lake, entry, date(2025, 11, 5))


@pytest.fixture
def nobody(here: Office) -> Iterator[None]:
    """Root may read everything, so what it runs as is changed, over a lake that is then somebody else's."""
    if os.geteuid() != 0:
        yield
        return
    here.night()  # what is imported late is imported now: as nobody the packages may be out of reach
    for each in (here.lake.root, *here.lake.root.rglob("*")):
        os.chown(each, 65534, 65534)
    closed = [each for each in here.lake.root.parents if not each.stat().st_mode & stat.S_IXOTH]
    for each in closed:
        os.chmod(each, 0o755)
    os.setresuid(65534, 65534, 0)
    yield
    os.setresuid(0, 0, 0)
    for each in closed:
        os.chmod(each, 0o700)


def test_an_unreadable_file_is_named_and_skipped(here: Office, nobody: None) -> None:
    path = here.irb("2025-11-04", "A")
    os.chmod(path, 0o000)
    outcome = here.night()
    assert outcome.status == "success"
    assert f"{NAME}: cannot be read: its permissions forbid it" in note(outcome, "not_a_file")


HOSTILE = [
    "IRB_PROTOCOL_a b'\"`.csv",
    "IRB_PROTOCOL_$(touch pwned).csv",
    "IRB_PROTOCOL_;rm -rf.csv",
    "IRB_PROTOCOL_line\nbreak.csv",
    "IRB_PROTOCOL_tab\there\r.csv",
    "IRB_PROTOCOL_\x1b[31mred.csv",
    b"IRB_PROTOCOL_caf\xe9.csv",
    "IRB_PROTOCOL_\u202egnp.csv",
    "IRB_PROTOCOL_" + "x" * 238 + ".csv",
    "IRB_PROTOCOL_<!channel>&.csv",
    "IRB_PROTOCOL_=1+1.csv",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_odd_names_are_loaded_and_do_no_harm(here: Office, name: str | bytes) -> None:
    here.with_irb(delivery=Delivery("IRB_PROTOCOL_*.csv"))
    here.deliver(name, irb_csv("A"))

    outcome = here.night()

    assert outcome.status == "success", outcome
    assert here.ids() == ["A"]
    assert here.incoming() == []
    shown = file(outcome).name
    assert shown.isprintable()
    assert here.table()[0]["_source_file"] == shown
    shown.encode("utf-8")
    for path in here.lake.metadata.rglob("*.json*"):
        path.read_bytes().decode("utf-8")
    (raw,) = here.lake.raw("irb", date(2025, 11, 5)).glob("*.csv")
    assert raw.name.isascii()
    assert raw.read_text() == irb_csv("A")
    facts = json.loads(next(raw.parent.glob("*.delivery.json")).read_text())
    assert bytes.fromhex(facts["name_bytes"]) == (name if isinstance(name, bytes) else name.encode())


def test_a_name_with_a_leading_dash_is_a_name(here: Office) -> None:
    here.with_irb(delivery=Delivery("*IRB.csv"))
    here.deliver("--rf IRB.csv", irb_csv("A"))
    assert here.night().status == "success"
    (raw,) = here.lake.raw("irb", date(2025, 11, 5)).glob("*.csv")
    assert not raw.name.startswith("-")


def test_names_that_differ_only_in_odd_bytes_are_two_files(here: Office) -> None:
    here.with_irb(delivery=Delivery("IRB_*.csv"))
    here.deliver(b"IRB_\xe9.csv", irb_csv("A"))
    here.deliver(b"IRB_\xe8.csv", irb_csv("A", "B"), age=1800)
    outcome = here.night()
    assert [each.name for each in feed(outcome).files] == ["IRB_\\xe9.csv", "IRB_\\xe8.csv"]
    assert len(list(here.lake.raw("irb", date(2025, 11, 5)).glob("*.csv"))) == 2


def test_a_file_that_grows_while_it_is_copied_goes_back_for_the_next_run(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here.irb("2025-11-04", "A")
    with path.open("a") as sender:  # someone who still has it open
        real = claims.claim

        def claimed_and_then_written(*given: object) -> claims.Claim:
            taken = real(*given)  # type: ignore[arg-type]
            sender.write("B,b,Approved,2025-10-01\n")
            sender.flush()
            return taken

        monkeypatch.setattr(claims, "claim", claimed_and_then_written)
        outcome = here.night()
        monkeypatch.undo()

    assert "changed while it was being read" in note(outcome, "still_arriving")
    assert here.incoming() == [NAME]
    assert list(here.lake.raw_zone.rglob("*.csv")) == []
    assert list((here.lake.raw_zone / ".drafts").iterdir()) == []
    here.clock.set(here.clock.now().replace(year=2099))
    assert here.night().status == "success"
    assert here.ids() == ["A", "B"]


def test_a_file_that_vanishes_between_the_look_and_the_claim_is_a_note(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here.irb("2025-11-04", "A")
    real = claims.claim

    def vanished(*given: object) -> claims.Claim:
        path.unlink(missing_ok=True)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "claim", vanished)
    outcome = here.night()
    assert outcome.status == "success"
    assert f"{NAME} vanished before it was taken." in note(outcome, "still_arriving")


def test_a_claim_left_over_is_taken_up_with_the_night_that_made_it(here: Office) -> None:
    here.with_irb(delivery=Delivery("IRB_*.csv"))
    here.deliver("IRB_TODAY.csv", irb_csv("A"))
    (entry,) = claims.list_incoming(here.lake).entries
    claims.claim(here.lake, entry, date(2025, 11, 5))

    outcome = here.next_night()

    assert file(outcome).data_date == date(2025, 11, 5)
    assert list(here.lake.claimed.iterdir()) == []


def test_a_claim_whose_name_came_again_keeps_both_files(here: Office) -> None:
    here.irb("2025-11-04", "A")
    (entry,) = claims.list_incoming(here.lake).entries
    claims.claim(here.lake, entry, date(2025, 11, 5))
    here.irb("2025-11-04", "A", "B")

    outcome = here.night()

    assert [each.status for each in feed(outcome).files] == ["published", "published"]
    assert here.ids() == ["A", "B"]


def test_a_hard_link_is_copied_and_its_other_name_keeps_the_content(here: Office) -> None:
    other = here.lake.root / "elsewhere.csv"
    os.link(here.irb("2025-11-04", "A"), other)
    assert here.night().status == "success"
    assert other.read_text() == irb_csv("A")


def test_a_file_over_the_limit_is_refused_where_it_lies(here: Office) -> None:
    here.settings = replace(here.settings, file_limits=replace(here.settings.file_limits, max_bytes=1000))
    path = at(here)
    with path.open("wb") as sparse:
        sparse.truncate(10_000_000_000)
    os.utime(path, (0, 0))
    outcome = here.night()
    assert feed(outcome).status == "refused"
    assert "has 10,000,000,000 bytes; the limit is 1,000" in feed(outcome).reason
    assert path.exists()

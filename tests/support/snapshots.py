"""Messages and pages as they were last looked at. After a meant change: SNAPSHOTS=write pytest ..., and look."""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "snapshots"


def agrees(name: str, text: str) -> None:
    """Hold a text against tests/snapshots/<name>."""
    path = FOLDER / name
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path} is not there: SNAPSHOTS=write writes it; then look at it"
    assert text == path.read_text(encoding="utf-8"), f"{path} differs: look, then SNAPSHOTS=write"

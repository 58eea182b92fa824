"""Files stay short and well named; nothing of a machine or of a place is in them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.consistency.house import ROOT, SRC, nothing

LONGEST = 600
_CODE = {".py", ".ts", ".mjs", ".css", ".html", ".sh"}
# Written by tools, or one table of data.
_GENERATED = re.compile(r"(^|/)(migrations|dist|node_modules|package-lock\.json)(/|$)")
_VAGUE = {"utils", "util", "helpers", "misc", "common", "services", "manager"}


@cache
def _tracked() -> tuple[Path, ...]:
    """Files of the project: those in git and those about to be, never what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an archive without git
        skipped = {".venv", "node_modules", "var", ".git", "dist"}
        found = [path for path in ROOT.rglob("*") if not skipped & set(path.parts)]
    return tuple(path for path in found if path.is_file())


def _code() -> Iterator[Path]:
    for path in _tracked():
        relative = path.relative_to(ROOT).as_posix()
        top = relative.partition("/")[0]
        if top in {"src", "tests", "frontend", "bench"} and not _GENERATED.search(relative):
            yield path


def test_files_stay_readable_in_one_sitting() -> None:
    long = []
    for path in _code():
        if path.suffix in _CODE:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST:
                long.append(f"{path.relative_to(ROOT)}: {lines}")
    nothing(long)


def test_modules_are_named_after_what_they_hold() -> None:
    assert [
        str(path.relative_to(ROOT))
        for path in _code()
        if path.suffix == ".py" and path.stem in _VAGUE
    ] == []


def test_every_package_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SRC.rglob("__init__.py")
        if path.parent.name not in {"migrations", "tests"}
        and not path.read_text(encoding="utf-8").lstrip().startswith(('"""', "r'''", '"'))
    ]
    nothing(silent)


@pytest.mark.parametrize(
    "trace",
    [
        r"/(?:home|Users|root|work)/[\w.-]+/",
        r"https?://[\w.-]+\.(?:local|internal|corp|lan)\b",
        r"index-url",
        r"BEGIN [A-Z ]*PRIVATE KEY",
    ],
)
def test_no_trace_of_a_machine(trace: str) -> None:
    pattern = re.compile(trace)
    own = Path(__file__)
    found = []
    for path in _tracked():
        if path == own or path.suffix not in {*_CODE, ".toml", ".md", ".yml", ".yaml", ".lock"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    nothing(found)

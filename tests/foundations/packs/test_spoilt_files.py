"""Whatever is done to the files of a pack, `check` answers with places and sentences."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.foundations.packs.conftest import LAKESIDE, Folder

from socle.foundations import packs
from socle.foundations.packs import source

FILES = sorted(
    path.relative_to(LAKESIDE).as_posix() for path in LAKESIDE.rglob("*") if path.is_file()
)


def _check_spoilt(file: str, data: bytes) -> list[packs.Problem]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack"
        shutil.copytree(LAKESIDE, path)
        (path / file).write_bytes(data)
        problems = packs.check(path)
        for problem in problems:
            assert problem.message
            target = path / problem.file
            if target.is_file() and b"\r" not in data:
                text = target.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
                lines = text.split("\n")
                assert 1 <= problem.line <= len(lines)
                assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        return problems


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.integers(0, 10_000))
def test_a_file_cut_anywhere(file: str, at: int) -> None:
    whole = (LAKESIDE / file).read_bytes()
    _check_spoilt(file, whole[: at % (len(whole) + 1)])


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.integers(0, 10_000), st.integers(0, 30), st.binary(max_size=20))
def test_a_file_with_bytes_thrown_into_it(file: str, at: int, gone: int, put: bytes) -> None:
    whole = (LAKESIDE / file).read_bytes()
    at %= len(whole) + 1
    _check_spoilt(file, whole[:at] + put + whole[at + gone :])


@settings(max_examples=60)
@given(
    st.sampled_from([file for file in FILES if file.endswith(".toml")]),
    st.integers(0, 200),
    st.sampled_from(
        ["x = 1", "= 3", '""', "[", "]]", "id = []", "[[page]]", "[state]", "from = 1"]
    ),
)
def test_a_toml_file_with_a_line_put_into_it(file: str, at: int, line: str) -> None:
    lines = (LAKESIDE / file).read_text("utf-8").split("\n")
    lines.insert(at % (len(lines) + 1), line)
    _check_spoilt(file, "\n".join(lines).encode())


@pytest.mark.parametrize("file", FILES)
def test_a_file_taken_away(lakeside: Folder, file: str) -> None:
    lakeside.remove(file).check()


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_place_of_a_file(lakeside: Folder, file: str) -> None:
    lakeside.remove(file)
    (lakeside.path / file).mkdir()
    lakeside.check()


def test_a_link_in_a_circle(lakeside: Folder) -> None:
    lakeside.remove("catalogue.toml")
    (lakeside.path / "catalogue.toml").symlink_to("catalogue.toml")
    assert any(problem.file == "catalogue.toml" for problem in lakeside.check())


def test_a_file_that_is_too_large(lakeside: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 400)
    messages = {problem.message for problem in lakeside.check() if problem.file == "teams.toml"}
    assert messages == {"Ce fichier est trop gros : 32 Mo au plus."}

"""A backup brings everything back, and a damaged one brings nothing."""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.consistency.house import ROOT

from socle.config import archive


def socle(*words: str, home: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """One command, in a process of its own, on a data folder of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "SOCLE_ENV_FILE": "",
        "SOCLE_HOME": str(home),
        "LANG": "C.UTF-8",
        **extra,
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "socle.config.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def well(*words: str, home: Path, **extra: str) -> str:
    ran = socle(*words, home=home, **extra)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def home(_made: Path, tmp_path: Path) -> Path:
    """An installation with an account, a file and a signed checkpoint."""
    return Path(shutil.copytree(_made, tmp_path / "home"))


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    well("migrate", home=home)
    well("user", "create", "jeanne@exemple.fr", "--administrator", "--no-password", home=home)
    (home / "files" / "ab").mkdir(parents=True)
    (home / "files" / "ab" / "photo.jpg").write_bytes(os.urandom(300_000))
    code = (
        "from socle.config.cli.house import open_house; open_house();"
        "from socle.foundations.journal.actions import checkpoint; print(checkpoint())"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "SOCLE_ENV_FILE": "",
            "SOCLE_HOME": str(home),
        },
        check=True,
        capture_output=True,
    )
    return home


def _emails(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "socle.sqlite3")) as database:
        return [row[0] for row in database.execute("SELECT email FROM accounts_user")]


@pytest.mark.sqlite
def test_everything_comes_back_on_an_empty_host(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    well("backup", str(file), home=home)
    assert file.stat().st_mode & 0o077 == 0
    other = tmp_path / "other"
    well("restore", str(file), home=other)
    assert _emails(other) == ["jeanne@exemple.fr"]
    photo = Path("files/ab/photo.jpg")
    assert (other / photo).read_bytes() == (home / photo).read_bytes()
    assert (other / "secret.key").read_text() == (home / "secret.key").read_text()
    verified = json.loads(well("audit", "verify", "--json", home=other))
    assert verified["ok"]
    assert (
        verified["checkpoints"]
        == json.loads(well("audit", "verify", "--json", home=home))["checkpoints"]
    )
    assert verified["checkpoints"] > 0
    # What an auditor has to keep elsewhere: the key that signs, and where the checkpoints are.
    told = socle("audit", "verify", home=other).stderr.replace("\n", "")
    assert verified["public_key"] in told
    assert str(other / "journal") in told


@pytest.mark.sqlite
def test_existing_data_are_not_replaced_without_being_asked(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    well("backup", str(file), home=home)
    well("user", "create", "paul@exemple.fr", "--no-password", home=home)
    refused = socle("restore", str(file), home=home)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert "paul@exemple.fr" in _emails(home)
    well("restore", str(file), "--force", home=home)
    assert _emails(home) == ["jeanne@exemple.fr"]


@pytest.mark.sqlite
def test_a_damaged_backup_changes_nothing(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    well("backup", str(file), home=home)
    content = file.read_bytes()
    other = tmp_path / "other"
    middle = len(content) // 2
    damages = {
        "cut": content[:middle],
        "altered": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
        "empty": b"",
        "another": b"PK\x03\x04 not a backup",
    }
    for name, damaged in damages.items():
        (tmp_path / name).write_bytes(damaged)
        into = tmp_path / f"into-{name}"
        into.mkdir()
        with pytest.raises(archive.BadArchive):
            archive.unpack(tmp_path / name, into)
    refused = socle("restore", str(tmp_path / "cut"), home=other)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert not (other / "socle.sqlite3").exists()


@pytest.mark.sqlite
def test_an_existing_backup_is_not_overwritten(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_bytes(b"precious")
    assert socle("backup", str(file), home=home).returncode == 1
    assert file.read_bytes() == b"precious"


@pytest.mark.sqlite
def test_a_backup_of_the_other_engine_is_refused(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    manifest = archive.Manifest("postgresql", "0", "2026-01-01", "local")
    with archive.Writer(file, manifest) as out:
        out.add_stream("database.pgdump", io.BytesIO(b"x"), 1)
    refused = socle("restore", str(file), home=tmp_path / "other")
    assert refused.returncode == 1
    assert "postgresql" in refused.stderr


@pytest.fixture
def two_databases(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Addresses of two empty PostgreSQL databases on the server of the tests."""
    import psycopg

    server = os.environ["SOCLE_TEST_DATABASE_URL"]
    names = [f"backup_{secrets.token_hex(4)}" for _ in range(2)]
    with closing(psycopg.connect(server, autocommit=True)) as admin:
        for name in names:
            admin.execute(f'CREATE DATABASE "{name}"')
        base = server.rpartition("/")[0]
        yield f"{base}/{names[0]}", f"{base}/{names[1]}"
        for name in names:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.postgres
def test_a_postgresql_installation_comes_back_too(
    two_databases: tuple[str, str], tmp_path: Path
) -> None:
    import psycopg

    key = {"SOCLE_SECURITY_SECRET_KEY": "k" * 50}
    first, second = ({"SOCLE_DATABASE_URL": url, **key} for url in two_databases)
    home, other, file = tmp_path / "home", tmp_path / "other", tmp_path / "b.tar.gz"
    well("migrate", home=home, **first)
    well("user", "create", "jeanne@exemple.fr", "--no-password", home=home, **first)
    well("backup", str(file), home=home, **first)
    well("restore", str(file), home=other, **second)
    with closing(psycopg.connect(two_databases[1])) as database:
        rows = database.execute("SELECT email FROM accounts_user").fetchall()
    assert rows == [("jeanne@exemple.fr",)]
    assert json.loads(well("audit", "verify", "--json", home=other, **second))["ok"]
    again = socle("restore", str(file), home=other, **second)
    assert again.returncode == 1
    assert "--force" in again.stderr
    well("restore", str(file), "--force", home=other, **second)


def _forged(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, body in members:
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return path


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "files/../../outside"])
def test_a_member_never_lands_outside(tmp_path: Path, name: str) -> None:
    forged = _forged(tmp_path / "f.tar.gz", (tarfile.TarInfo(name), b"x"))
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.BadArchive, match="outside"):
        archive.unpack(forged, into)
    assert not list(tmp_path.rglob("outside"))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    link = tarfile.TarInfo("files/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.BadArchive, match="not a file"):
        archive.unpack(_forged(tmp_path / "f.tar.gz", (link, b"")), into)


def test_a_member_that_the_manifest_does_not_know_is_refused(tmp_path: Path) -> None:
    manifest = archive.Manifest("sqlite", "0", "2026-01-01", "local")
    body = json.dumps(manifest.document()).encode()
    forged = _forged(
        tmp_path / "f.tar.gz",
        (tarfile.TarInfo("files/extra"), b"x"),
        (tarfile.TarInfo(archive.MANIFEST), body),
    )
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(archive.BadArchive, match="altered"):
        archive.unpack(forged, into)


def test_an_interrupted_backup_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    manifest = archive.Manifest("sqlite", "0", "2026-01-01", "local")
    with pytest.raises(KeyboardInterrupt), archive.Writer(target, manifest):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def _writers(path: Path, stop: threading.Event) -> threading.Thread:
    """Moves money between two rows for ever: their sum never changes inside a transaction."""

    def work() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as database:
            while not stop.is_set():
                database.execute("BEGIN IMMEDIATE")
                database.execute("UPDATE account SET amount = amount - 1 WHERE id = 1")
                database.execute("UPDATE account SET amount = amount + 1 WHERE id = 2")
                database.execute("COMMIT")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_copy_taken_while_others_write_is_one_moment(tmp_path: Path) -> None:
    live = tmp_path / "live.sqlite3"
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, amount, padding)")
        rows = [(number, 1000, os.urandom(2000)) for number in range(1, 400)]
        database.executemany("INSERT INTO account VALUES (?, ?, ?)", rows)
    stop = threading.Event()
    thread = _writers(live, stop)
    try:
        amounts = set()
        for number in range(8):
            copy = tmp_path / f"copy{number}.sqlite3"
            archive.copy_sqlite(live, copy)
            with closing(sqlite3.connect(copy)) as database:
                query = "SELECT amount FROM account WHERE id IN (1, 2) ORDER BY id"
                first, second = (row[0] for row in database.execute(query))
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert first + second == 2000
            amounts.add(first)
    finally:
        stop.set()
        thread.join()
    # The control: they really were writing meanwhile.
    assert len(amounts) > 1

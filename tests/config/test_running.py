"""The house really started, by `demo` and by `serve`, with a small pack."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.consistency.house import ROOT

# The embedded database, whatever the tests of the rooms run on: once is enough.
pytestmark = pytest.mark.sqlite
PACK = ROOT / "tests" / "packs" / "lakeside"


def _environment(**extra: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "SOCLE_ENV_FILE": "",
        "LANG": "C.UTF-8",
        **extra,
    }


def _command(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "socle.config.cli", *words],
        env=_environment(**extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _demo(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return _command("demo", "--data", str(data), *words, SOCLE_PACK=str(PACK))


@contextmanager
def _running(*words: str, **extra: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command under way once it says that it is ready, and its port; killed at the end."""
    port = _free_port()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "socle.config.cli", *words, "--port", str(port)],
        env=_environment(**extra),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said: list[str] = []
        try:
            assert process.stderr is not None
            for line in process.stderr:
                said.append(line)
                if "ready" in line.lower() and "http" in line:
                    break
            assert process.poll() is None, "".join(said)
            yield process, port
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def _get(port: int, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.status, answer.read().decode()


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(entry.parent.name)
            found |= {child} | _children(child)
    return found


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared demonstration's folder."""
    data = tmp_path_factory.mktemp("demo") / "with a space"
    made = _demo(data, "--prepare-only", "--json")
    assert made.returncode == 0, made.stderr
    return data


def test_the_demonstration_serves_pages_and_works_until_told_to_stop(demonstration: Path) -> None:
    with _running("demo", "--data", str(demonstration), SOCLE_PACK=str(PACK)) as (process, port):
        status, page = _get(port, "/")
        assert status == 200
        assert "<h1" in page
        report: dict[str, Any] = json.loads(_get(port, "/readyz")[1])
        verdicts = {check["name"]: check["verdict"] for check in report["checks"]}
        assert verdicts["database"] == verdicts["migrations"] == "ok"
        assert "socle_http_requests_total" in _get(port, "/metrics")[1]
        family = _children(process.pid)
        assert len(family) >= 4  # granian and its two workers, the task worker
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in family)
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_several_processes_count_together(demonstration: Path) -> None:
    with _running("demo", "--data", str(demonstration), SOCLE_PACK=str(PACK)) as (_, port):
        for _ in range(12):
            _get(port, "/services")
        text = _get(port, "/metrics")[1]
    counted = [line for line in text.splitlines() if 'route="portal:services",status="200"' in line]
    # Twelve visits, whichever process answered each and whichever is asked.
    assert sum(float(line.split()[-1]) for line in counted) >= 12


def test_a_taken_port_is_one_sentence(demonstration: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = _demo(demonstration, "--port", str(port))
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_half_made_database_is_made_again(tmp_path: Path) -> None:
    data = tmp_path / "d"
    (data / ".building").mkdir(parents=True)
    (data / ".building" / "socle.sqlite3").write_bytes(b"SQLite format 3\0 cut short")
    (data / "demo.json").write_text('{"complete": false}')
    made = _demo(data, "--prepare-only", "--json")
    assert made.returncode == 0, made.stderr
    assert "interrupted" in made.stderr
    with closing(sqlite3.connect(data / "socle.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM territories_area").fetchone()[0] > 0
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_real_data_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "socle.sqlite3")) as database:
        database.execute("CREATE TABLE precious (x)")
    for words in ((), ("--fresh",)):
        refused = _demo(tmp_path, "--prepare-only", *words)
        assert refused.returncode == 1
        assert "--data" in refused.stderr
    with closing(sqlite3.connect(tmp_path / "socle.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM precious").fetchone() == (0,)


def test_a_second_preparation_changes_nothing(demonstration: Path) -> None:
    before = (demonstration / "secret.key").read_text()
    again = _demo(demonstration, "--prepare-only", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["seconds"] < 30
    assert (demonstration / "secret.key").read_text() == before


def test_a_demonstration_is_never_served_as_production(demonstration: Path) -> None:
    refused = _command("serve", "--data", str(demonstration), "--port", str(_free_port()))
    assert refused.returncode == 1
    assert "passwords are public" in refused.stderr


def test_serving_waits_for_migrations(tmp_path: Path) -> None:
    refused = _command("serve", "--data", str(tmp_path), "--port", str(_free_port()))
    assert refused.returncode == 1
    assert "./socle migrate" in refused.stderr


def test_production_starts_with_a_worker_on_sqlite(tmp_path: Path) -> None:
    assert _command("migrate", "--data", str(tmp_path)).returncode == 0
    assert _command("packs", "apply", str(PACK), "--data", str(tmp_path)).returncode == 0
    with _running("serve", "--data", str(tmp_path)) as (process, port):
        assert _get(port, "/")[0] == 200
        names = {
            Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
            for pid in _children(process.pid)
        }
        assert any("socle.config.cli worker" in name for name in names)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


@pytest.mark.parametrize("folder", ["/proc/nothing", "/dev/null/x"])
def test_a_folder_that_cannot_be_written_is_one_sentence(folder: str) -> None:
    for words in (("demo", "--data", folder, "--prepare-only"), ("migrate", "--data", folder)):
        refused = _command(*words, SOCLE_PACK=str(PACK))
        assert refused.returncode in {1, 2}
        assert "Traceback" not in refused.stderr
        assert "--data" in refused.stderr

"""The launcher: from any folder, by any road, with a sentence when something is missing."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from tests.consistency.house import ROOT

_ECHO = """#!/bin/sh
printf 'ran'
for word in "$@"; do printf ' [%s]' "$word"; done
printf ' path=%s\\n' "$PYTHONPATH"
"""


def _executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def _bootstrap(root: Path) -> ModuleType:
    path = root / "src/socle/config/bootstrap.py"
    spec = importlib.util.spec_from_file_location(f"bootstrap_{root.name.replace(' ', '_')}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A prepared copy of the project, in a folder with a space, whose Python only echoes."""
    root = tmp_path / "my socle"
    (root / "src/socle/config").mkdir(parents=True)
    shutil.copy(ROOT / "socle", root / "socle")
    shutil.copy(ROOT / "src/socle/config/bootstrap.py", root / "src/socle/config/bootstrap.py")
    (root / "requirements").mkdir()
    (root / "requirements/base.lock").write_text("")
    _executable(root / ".venv/bin/python", _ECHO)
    (root / ".venv/pyvenv.cfg").touch()
    made = _bootstrap(root)
    stamps = {"venv": "3", "base": made._digest([root / "requirements/base.lock"])}
    (root / ".venv/socle-stamps.json").write_text(json.dumps(stamps))
    return root


def _run(
    *command: str | Path, cwd: Path | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "LANG": "C", "HOME": "/nonexistent", **extra}
    return subprocess.run(
        [str(word) for word in command],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_arguments_pass_through_untouched(checkout: Path) -> None:
    ran = _run(checkout / "socle", "packs", "check", "a folder", "--json", "é*$HOME")
    assert ran.returncode == 0, ran.stderr
    words = "[-P] [-m] [socle.config.cli] [packs] [check] [a folder] [--json] [é*$HOME]"
    assert ran.stdout == f"ran {words} path={checkout}/src\n"


def test_nothing_is_said_when_nothing_is_to_do(checkout: Path) -> None:
    assert _run(checkout / "socle", "check").stderr == ""


def test_it_runs_from_any_folder_and_by_any_link(checkout: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "direct").symlink_to(checkout / "socle")
    (elsewhere / "indirect").symlink_to("direct")
    for command in (checkout / "socle", "./direct", "./indirect"):
        ran = _run(command, "check", cwd=elsewhere)
        assert f"path={checkout}/src" in ran.stdout, ran.stderr
    assert f"path={checkout}/src" in _run("sh", "socle", "check", cwd=checkout).stdout


def _old_pythons(folder: Path) -> str:
    """A PATH on which every Python is too old, and nothing else is missing."""
    for name in ("sh", "readlink", "dirname", "env"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    for name in ("python3", "python"):
        _executable(folder / name, "#!/bin/sh\nexit 1\n")
    return str(folder)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("fr_FR.UTF-8", "Python 3.11 ou plus récent"), ("en_GB.UTF-8", "Python 3.11 or later")],
)
def test_a_machine_without_a_recent_python_is_told_so(
    checkout: Path, tmp_path: Path, language: str, sentence: str
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    ran = _run(checkout / "socle", PATH=_old_pythons(folder), LANG=language)
    assert ran.returncode == 2
    assert sentence in ran.stderr
    assert "apt install" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_the_python_to_use_may_be_named(checkout: Path, tmp_path: Path) -> None:
    refused = _run(checkout / "socle", SOCLE_PYTHON=str(tmp_path / "none"))
    assert refused.returncode == 2
    assert "SOCLE_PYTHON" in refused.stderr


def test_a_read_only_folder_that_is_not_prepared_is_told_so(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / ".venv/socle-stamps.json").unlink()
    made = _bootstrap(checkout)
    # Root writes everywhere: the answer of the system is given for it.
    monkeypatch.setattr(made.os, "access", lambda path, mode: Path(path) != checkout)
    with pytest.raises(SystemExit) as left:
        made.main(["check"])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert str(checkout) in said
    assert len(said.splitlines()) == 1


def test_two_starts_prepare_one_after_the_other(checkout: Path) -> None:
    """The second waits, then finds the work done."""
    (checkout / "requirements/base.lock").write_text("# changed\n")
    with (checkout / ".venv.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            [str(checkout / "socle"), "check"],
            env={"PATH": os.environ["PATH"], "LANG": "C"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stderr is not None
        assert "waiting" in waiting.stderr.readline()
        made = _bootstrap(checkout)
        made._set_stamps(base=made._digest([checkout / "requirements/base.lock"]))
    output, errors = waiting.communicate(timeout=30)
    assert "[check]" in output
    assert errors == ""


def test_dependencies_are_installed_again_only_when_the_lock_changes(checkout: Path) -> None:
    (checkout / "requirements/base.lock").write_text("# changed\n")
    first = _run(checkout / "socle", "check")
    assert "dependencies" in first.stderr
    assert _run(checkout / "socle", "check").stderr == ""


def test_a_failed_installation_is_a_sentence_and_is_tried_again(checkout: Path) -> None:
    (checkout / "requirements/base.lock").write_text("# changed\n")
    _executable(checkout / ".venv/bin/python", "#!/bin/sh\necho no network >&2\nexit 1\n")
    for _ in range(2):
        ran = _run(checkout / "socle", "check")
        assert ran.returncode == 2
        assert "no network" in ran.stderr
        assert "could not be installed" in ran.stderr
        assert "Traceback" not in ran.stderr


def _front_end(checkout: Path, version: str) -> Path:
    """A front end and the Node that builds it; returns the folder to put on the PATH."""
    (checkout / "src/socle/design").mkdir(parents=True, exist_ok=True)
    (checkout / "frontend/src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "build.mjs", "src/portal.ts"):
        (checkout / "frontend" / name).write_text("{}")
    tools = checkout / "tools"
    dist = checkout / "src/socle/design/static/dist"
    script = (
        f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit\n'
        f"echo built >>'{checkout}/log'\nmkdir -p '{dist}'\n"
    )
    _executable(tools / "node", script)
    _executable(
        tools / "npm", f"#!/bin/sh\necho npm \"$1\" >>'{checkout}/log'\nmkdir node_modules\n"
    )
    return tools


def test_the_front_end_is_built_when_its_sources_change_and_only_then(checkout: Path) -> None:
    path = f"{_front_end(checkout, 'v22.1.0')}:{os.environ['PATH']}"
    log = checkout / "log"

    def serve() -> list[str]:
        log.unlink(missing_ok=True)
        ran = _run(checkout / "socle", "serve", PATH=path)
        assert ran.returncode == 0, ran.stderr
        return log.read_text().splitlines() if log.exists() else []

    assert serve() == ["npm ci", "built"]
    assert serve() == []
    (checkout / "frontend/src/portal.ts").write_text("changed")
    assert serve() == ["built"]
    (checkout / "frontend/package-lock.json").write_text('{"changed": 1}')
    shutil.rmtree(checkout / "frontend/node_modules")
    assert serve() == ["npm ci", "built"]


def test_commands_without_pages_do_not_build_the_front_end(checkout: Path) -> None:
    path = f"{_front_end(checkout, 'v22.1.0')}:{os.environ['PATH']}"
    assert _run(checkout / "socle", "migrate", PATH=path).returncode == 0
    assert not (checkout / "log").exists()


def test_an_old_node_is_passed_over(checkout: Path) -> None:
    """It is asked from the packages instead; here they have none, which is said."""
    path = f"{_front_end(checkout, 'v12.0.0')}:{os.environ['PATH']}"
    (checkout / "requirements/node.lock").write_text("")
    _executable(checkout / ".venv/bin/python", "#!/bin/sh\nexit 0\n")
    ran = _run(checkout / "socle", "serve", PATH=path)
    assert ran.returncode == 2
    assert "Node 20" in ran.stderr
    assert not (checkout / "log").exists()


def test_the_launcher_is_plain_shell() -> None:
    assert _run("sh", "-n", ROOT / "socle").returncode == 0
    text = (ROOT / "socle").read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "[[" not in text
    assert os.access(ROOT / "socle", os.X_OK)
    assert os.access(ROOT / ".ci/run", os.X_OK)

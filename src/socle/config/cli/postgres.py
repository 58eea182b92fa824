"""PostgreSQL's own programs: found, installed when that is possible, a throw-away cluster."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from socle.config.cli.speaking import refuse, say

_DEBIAN = Path("/usr/lib/postgresql")


def program(name: str) -> str | None:
    """Path of one of PostgreSQL's programs: Debian's newest version first, then ``PATH``."""
    versions = [path for path in _DEBIAN.glob("*") if path.name.isdigit()]
    for folder in sorted(versions, key=lambda path: int(path.name), reverse=True):
        candidate = folder / "bin" / name
        if candidate.is_file():
            return str(candidate)
    return shutil.which(name)


def needed(name: str, package: str) -> str:
    """Path of a program, installed from Debian when absent and possible, else one sentence."""
    found = program(name)
    if found is None and install(package):
        found = program(name)
    if found is None:
        refuse(
            f"Il manque le programme « {name} » de PostgreSQL : apt install {package}",
            f"PostgreSQL's “{name}” program is missing: apt install {package}",
        )
    return found


def install(package: str) -> bool:
    """Install a Debian package when this is Debian and we are root. Whether it worked."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say(f"Installation de {package} (Debian)…", f"Installing {package} (Debian)…")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = ["--yes", "--quiet", "--no-install-recommends"]
    for command in ([apt, "update", "--quiet"], [apt, "install", *quiet, package]):
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
    return ran.returncode == 0


@contextlib.contextmanager
def temporary_cluster(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """A PostgreSQL server that lives as long as the block; gives its ``postgresql://`` address.

    It listens on 127.0.0.1 and on a unix socket, on a port of its own, and forgets durability
    unless `settings` (the server's own names) say otherwise: never for real data. PostgreSQL
    refuses to run as root: then it runs as ``postgres`` or ``nobody``.
    """
    initdb, server = needed("initdb", "postgresql"), needed("postgres", "postgresql")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="socle-pg-"))
    password = secrets.token_urlsafe(16)
    process = None
    try:
        folder.chmod(0o755)
        secret = folder / "password"
        secret.write_text(password, encoding="ascii")
        secret.chmod(0o644 if owner else 0o600)
        data = folder / "data"
        if owner:
            shutil.chown(folder, owner)
        _as(
            owner,
            [
                *(initdb, "--pgdata", str(data), "--username", "socle", "--pwfile", str(secret)),
                *(
                    "--auth",
                    "scram-sha-256",
                    "--encoding",
                    "UTF8",
                    "--locale",
                    "C.UTF-8",
                    "--no-sync",
                ),
            ],
        )
        secret.unlink()
        port = _free_port()
        log = (folder / "log").open("wb")
        process = subprocess.Popen(
            _runas(
                owner,
                [
                    *(server, "-D", str(data), "-p", str(port), "-k", str(folder)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
                    *("-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
                    *("-c", "max_connections=200", "-c", "shared_buffers=256MB"),
                    # The last one said holds.
                    *(word for pair in (settings or {}).items() for word in ("-c", "=".join(pair))),
                ],
            ),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        url = f"postgresql://socle:{password}@127.0.0.1:{port}/postgres"
        _wait(url, process, folder / "log")
        yield url
    finally:
        if process is not None and process.poll() is None:
            # SIGINT is PostgreSQL's "fast" stop: clients are cut, the server leaves in order.
            process.send_signal(2)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> str:
    if os.geteuid() != 0:
        return ""
    accounts = {account.pw_name for account in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in accounts:
            return name
    refuse(
        "PostgreSQL refuse de tourner sous « root » et il n'y a pas d'autre compte.",
        "PostgreSQL refuses to run as root and there is no other account.",
    )


def _runas(owner: str, command: list[str]) -> list[str]:
    if not owner:
        return command
    account = pwd.getpwnam(owner)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        refuse(
            "Il manque « setpriv » (paquet util-linux) pour démarrer PostgreSQL sous un compte "
            "ordinaire.",
            "“setpriv” (util-linux package) is needed to start PostgreSQL as an ordinary account.",
        )
    identity = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return [setpriv, *identity, *command]


def _as(owner: str, command: list[str]) -> None:
    ran = subprocess.run(
        _runas(owner, command), capture_output=True, text=True, check=False, cwd="/"
    )
    if ran.returncode:
        refuse(
            f"PostgreSQL n'a pas pu préparer une base d'essai : {ran.stderr.strip()[-400:]}",
            f"PostgreSQL could not prepare a test database: {ran.stderr.strip()[-400:]}",
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    tail = log.read_text(encoding="utf-8", errors="replace")[-400:]
    refuse(
        f"PostgreSQL n'a pas démarré : {tail}",
        f"PostgreSQL did not start: {tail}",
    )

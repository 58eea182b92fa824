"""From a clean clone to a page in the browser: `python -m bench.demo`.

Clones the repository's last commit, starts `./socle demo` there and waits for the first page: once
with empty package caches (everything is downloaded), then again twice. Seconds on the clock.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import machine

FIRST_WITHIN, NEXT_WITHIN = 240.0, 8.0
"""Seconds."""


def started(clone: Path, data: Path, port: int, environ: dict[str, str]) -> float:
    """Seconds from the command to the home page; the demonstration is stopped again."""
    begun = time.monotonic()
    process = subprocess.Popen(
        ["./socle", "demo", "--data", str(data), "--port", str(port)], cwd=clone, env=environ,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit(f"./socle demo ended with {process.returncode}")
            time.sleep(0.05)
        return time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def measure() -> dict[str, Any]:
    from socle.config.cli.processes import free_port

    with tempfile.TemporaryDirectory(prefix="socle-bench-demo-") as name:
        folder = Path(name)
        kept = {word: text for word, text in os.environ.items() if not word.startswith("SOCLE_")}
        kept.pop("PYTHONPATH", None)
        caches = {
            "XDG_CACHE_HOME": "cache", "PIP_CACHE_DIR": "pip", "UV_CACHE_DIR": "uv",
            "npm_config_cache": "npm",
        }  # fmt: skip
        environ = {**kept, **{word: str(folder / path) for word, path in caches.items()}}
        clone, port = folder / "clone", free_port(18_790)
        subprocess.run(
            ["git", "clone", "--quiet", str(machine.ROOT), str(clone)], check=True, cwd=folder
        )
        first = started(clone, folder / "data", port, environ)
        machine.say(f"first: {first:.1f} s")
        following = [started(clone, folder / "data", port, environ) for _ in range(2)]
        return {
            "first start, packages downloaded, s": round(first, 1),
            "next starts, s": [round(each, 1) for each in following],
        }


def main() -> None:
    described = machine.describe()
    figures = measure()
    print(machine.save("demo", "python -m bench.demo", figures, described), figures)
    first = figures["first start, packages downloaded, s"]
    slowest = max(figures["next starts, s"])
    if first > FIRST_WITHIN or slowest > NEXT_WITHIN:
        raise SystemExit(f"{first} s, then {slowest} s: more than {FIRST_WITHIN}, {NEXT_WITHIN}")


if __name__ == "__main__":
    main()

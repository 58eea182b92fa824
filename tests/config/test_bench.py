"""The measures run: named, described, in houses that the shell's variables do not reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench import bench_kill9, run
from tests.consistency.house import ROOT

_OPEN = """
import json, os
from pathlib import Path
from bench import house
house.open_here(house.environment(Path(os.environ["HOME_OF_TEST"])), "socle.config.settings")
from django.conf import settings
print(json.dumps({"home": str(settings.SOCLE.home), "server": house._server,
                  "left": [name for name in os.environ if name == house.SERVER]}))
"""


def test_a_server_given_for_the_bench_does_not_reach_the_settings(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _OPEN], cwd=ROOT, capture_output=True, text=True, check=False,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("SOCLE_")},
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "HOME_OF_TEST": str(tmp_path),
            "SOCLE_BENCH_POSTGRES_URL": "postgresql://there/postgres",
        },
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said == {"home": str(tmp_path), "server": "postgresql://there/postgres", "left": []}


def test_every_bench_exists_and_is_described() -> None:
    described = (ROOT / "bench/README.md").read_text("utf-8")
    for bench in run.BENCHES:
        assert find_spec(f"bench.{bench.name}"), bench.name
        assert f"| `bench.{bench.name}` |" in described, bench.name


GOOD = {
    "writes acknowledged": 40,
    "cases found": 40,
    "slowest start, s": 3.2,
    "lost, duplicated or half-written": [],
}


@pytest.mark.parametrize(
    ("figures", "faults"),
    [
        ({}, 0),
        ({"cases found": 39}, 1),
        ({"slowest start, s": 5.1}, 1),
        ({"lost, duplicated or half-written": ["lost: x", "twice: y"]}, 2),
    ],
)
def test_a_promise_broken_by_kill_9_is_said(figures: dict[str, object], faults: int) -> None:
    assert len(bench_kill9.broken("sqlite", GOOD | figures)) == faults

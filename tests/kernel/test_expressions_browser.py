"""The browser's evaluator gives what the server's gives: shared vectors, then random draws."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.kernel.random_trees import random_tree, random_values
from tests.kernel.test_expressions_evaluator import TODAY, VECTORS, as_json

from socle.kernel.expressions import evaluate, from_json, parse, to_json

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "frontend/src/lib/expressions.ts"

DRIVER = """
import { readFileSync } from "node:fs";
const { evaluate, holds } = await import(process.argv[2]);
const { cases, today } = JSON.parse(readFileSync(0, "utf8"));
const attempt = (run) => { try { return run(); } catch (error) { return `!${error.message}`; } };
const found = cases.map(([tree, values]) => [
  attempt(() => evaluate(tree, values, today ?? undefined)),
  attempt(() => holds(tree, values, today ?? undefined)),
]);
process.stdout.write(JSON.stringify(found));
"""


def _runs_typescript(node: str) -> bool:
    """Node strips types by itself from 22.18 on."""
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor, *_ = (int(part) for part in version.strip().lstrip("v").split("."))
    return (major, minor) >= (22, 18)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evaluator as something node can import."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    esbuild = shutil.which("esbuild", path=ROOT / "frontend/node_modules/.bin")
    esbuild = esbuild or shutil.which("esbuild")
    if esbuild is None:
        if _runs_typescript(node):
            return SOURCE
        pytest.skip("neither esbuild (npm ci in frontend/) nor a node that reads TypeScript")
    target = tmp_path_factory.mktemp("browser") / "expressions.mjs"
    subprocess.run([esbuild, str(SOURCE), f"--outfile={target}", "--log-level=warning"], check=True)
    return target


def run(module: Path, cases: list[Any], today: str | None) -> list[list[Any]]:
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", DRIVER, "node", module.as_uri()],
        input=json.dumps({"cases": cases, "today": today}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(answer.stdout)


def same(found: Any, expected: Any) -> bool:
    """Equal as JavaScript's numbers, where true is not 1."""
    return as_float(found) == as_float(expected)


def as_float(value: Any) -> Any:
    if isinstance(value, list):
        return [as_float(each) for each in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return ("number", float(value)) if is_number else value


def test_the_browser_gives_the_shared_results(module: Path) -> None:
    cases = [case for group in VECTORS["groups"].values() for case in group]
    found = run(module, [[to_json(parse(text)), given] for text, given, _ in cases], str(TODAY))
    wrong = [
        (case, got)
        for case, got in zip(cases, found, strict=True)
        if not same(got[0], case[2]) or got[1] is not (case[2] is True)
    ]
    assert wrong == []


def test_the_browser_agrees_on_random_expressions(module: Path) -> None:
    rng = random.Random("kernel")
    cases = [[random_tree(rng), random_values(rng)] for _ in range(6_000)]
    found = run(module, cases, str(TODAY))
    expected = [as_json(evaluate(from_json(tree), given, TODAY)) for tree, given in cases]
    wrong = [
        (case, got[0], want)
        for case, got, want in zip(cases, found, expected, strict=True)
        if not same(got[0], want)
    ]
    assert wrong == []
    # The draw would prove little if nearly everything came out missing or false.
    assert sum(want is True for want in expected) > 300
    assert sum(want not in (None, True, False) for want in expected) > 300


def test_the_browser_asks_for_today_and_refuses_what_it_does_not_know(module: Path) -> None:
    trees = [
        ["call", "today"],
        ["call", "eval", ["text", "1"]],
        ["^", ["text", "1"], ["text", "2"]],
    ]
    found = run(module, [[tree, {}] for tree in trees], None)
    assert all(str(got[0]).startswith("!") for got in found)

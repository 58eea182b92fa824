"""What the command line says, in French when the terminal is French, in English otherwise.

Pairs of sentences rather than catalogues: some are said before catalogues are compiled.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

from rich.console import Console

# People read stderr; stdout belongs to programs (``--json``) and to tables.
console = Console(stderr=True)
output = Console()


def french() -> bool:
    """Whether to speak French: ``SOCLE_LOCALE`` if given, else the terminal's own language."""
    for name in ("SOCLE_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("fr")
    return False


def t(in_french: str, in_english: str) -> str:
    """The sentence in the reader's language."""
    return in_french if french() else in_english


def say(in_french: str, in_english: str) -> None:
    """One line of progress."""
    console.print(t(in_french, in_english), highlight=False)


def done(in_french: str, in_english: str) -> None:
    """One line of success."""
    console.print("[green]✓[/] " + t(in_french, in_english), highlight=False)


def fail(in_french: str, in_english: str) -> None:
    """One line of failure."""
    console.print("✗ " + t(in_french, in_english), style="red", highlight=False, markup=False)


class Refusal(Exception):
    """The command cannot do what was asked: one sentence that says why and what to do."""

    def __init__(self, in_french: str, in_english: str, exit_code: int = 1) -> None:
        super().__init__(in_english)
        self.french, self.english, self.exit_code = in_french, in_english, exit_code


def refuse(in_french: str, in_english: str, exit_code: int = 1) -> NoReturn:
    """Stop here with one sentence."""
    raise Refusal(in_french, in_english, exit_code)


def as_json(value: Any) -> None:
    """For programs: the whole answer as one JSON document on stdout."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")

"""Where every value of a JSON text is written. Walks a text that `json` has already accepted."""

from __future__ import annotations

import json
import re

from .toml_positions import Mark, Path

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCALAR = re.compile(r"[^,\]}\s]+")


class DuplicateKey(ValueError):
    """An object names one member twice, at `offset`: one of the two values would be lost."""

    def __init__(self, name: str, offset: int) -> None:
        self.name, self.offset = name, offset
        super().__init__(name)


def marks(text: str, depth: int | None = None) -> dict[Path, Mark]:
    """A mark for every path of a valid JSON text, no deeper than `depth` levels when given."""
    found: dict[Path, Mark] = {}

    def skip(at: int) -> int:
        match = _SPACE.match(text, at)
        return match.end() if match else at

    def value(path: Path, key: int, at: int) -> int:
        start = at
        char = text[at]
        if char == "{":
            at = skip(at + 1)
            while text[at] != "}":
                name = _STRING.match(text, at)
                if name is None:
                    raise ValueError("not a valid JSON text")
                inner = (*path, json.loads(name[0]))
                if inner in found:
                    raise DuplicateKey(str(inner[-1]), at)
                at = skip(value(inner, at, skip(skip(name.end()) + 1)))
                at = skip(at + 1) if text[at] == "," else at
            at += 1
        elif char == "[":
            at = skip(at + 1)
            index = 0
            while text[at] != "]":
                at = skip(value((*path, index), at, at))
                at = skip(at + 1) if text[at] == "," else at
                index += 1
            at += 1
        else:
            match = (_STRING if char == '"' else _SCALAR).match(text, at)
            if match is None:
                raise ValueError("not a valid JSON text")
            at = match.end()
        if depth is None or len(path) <= depth:
            found[path] = Mark(key, start, at)
        return at

    begin = skip(0)
    value((), begin, begin)
    return found

"""The book of checkpoints: signed heads of chains, in files outside the database.

One JSON-lines file a day, ``checkpoints/2026-03-04.jsonl``. Each line names a chain, its sequence
and its hash at that time, carries the digest of the line before it (across days) and an Ed25519
signature. Whoever rewrites a chain in the database must also forge these, and the private key never
enters the database. Copy the folder to another machine: a thief of this one has the key too.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from socle.foundations.journal.rules import canonical, instant

START = "0" * 64
_FIELDS = ("number", "at", "chain", "sequence", "head", "key", "previous")


class BrokenBook(Exception):
    """A line of the book is not what was signed. ``where``: file and line; ``reason``: a stable
    word.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """One signed head. ``digest`` is the SHA-256 of the whole line, signature included."""

    number: int
    at: str
    chain: str
    sequence: int
    head: str
    key: str
    previous: str
    signature: str
    digest: str


class Book:
    """The checkpoints of one data folder and the key that signs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = folder / "checkpoints"
        self.key_file = folder / "signing.key"
        self.public_file = folder / "signing.pub"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One writer at a time on this machine."""
        self.pages.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def exists(self) -> bool:
        """Whether a key or a page was ever written here."""
        return self.public_file.exists() or self.key_file.exists() or any(self._files())

    def public_key(self) -> str | None:
        """The public key, 64 hexadecimal digits; None when there is none yet."""
        if self.key_file.exists():
            return _public_hex(self._private().public_key())
        try:
            return self.public_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def lines(self, public_key: str | None = None) -> Iterator[Line]:
        """Every line in order, its signature and its place checked; constant memory.

        ``public_key``: hexadecimal, as noted by the auditor (default: the folder's own). Raises
        :class:`BrokenBook` at the first line that does not hold. A last line cut by a crash is left
        out.
        """
        known = public_key or self.public_key()
        verifier = _verifier(known) if known else None
        number, previous = 0, START
        for path in self._files():
            with path.open("rb") as stream:
                for count, raw in enumerate(stream, start=1):
                    where = f"{path.name}:{count}"
                    if not raw.endswith(b"\n"):
                        break
                    line = _parse(raw, where)
                    if line.number != number + 1:
                        raise BrokenBook(where, "missing")
                    if line.previous != previous:
                        raise BrokenBook(where, "unlinked")
                    if verifier is None or line.key != known:
                        raise BrokenBook(where, "unknown-key")
                    try:
                        verifier.verify(bytes.fromhex(line.signature), _signed(line))
                    except (InvalidSignature, ValueError):
                        raise BrokenBook(where, "forged") from None
                    number, previous = line.number, line.digest
                    yield line

    def read(self) -> tuple[dict[str, tuple[int, str]], Line | None]:
        """Last signed sequence and hash of each chain, and the last line. Raises
        :class:`BrokenBook`.
        """
        heads: dict[str, tuple[int, str]] = {}
        last = None
        for last in self.lines():
            heads[last.chain] = (last.sequence, last.head)
        return heads, last

    def append(
        self, heads: Iterable[tuple[str, int, str]], at: datetime, *, after: Line | None
    ) -> Line:
        """Sign and write ``(chain, sequence, hash)`` heads, durably. Give the last line.

        Call it inside :meth:`exclusive`. ``after``: the last line :meth:`read` gave: nothing is
        signed on top of a forgery, since reading one raises.
        """
        private = self._private(create=True)
        key = _public_hex(private.public_key())
        number, previous = (after.number, after.digest) if after else (0, START)
        path = self.pages / f"{at:%Y-%m-%d}.jsonl"
        newest = max((file.name for file in self._files()), default="")
        if path.name < newest:
            # The machine's clock went back: keep the order of the files the order of the lines.
            path = self.pages / newest
        _cut_torn_line(path)
        last: Line | None = None
        with path.open("ab") as stream:
            for chain, sequence, head in heads:
                number += 1
                line = Line(number, instant(at), chain, sequence, head, key, previous, "", "")
                body = {name: getattr(line, name) for name in _FIELDS}
                body["signature"] = private.sign(_signed(line)).hex()
                raw = canonical(body) + b"\n"
                stream.write(raw)
                last = _parse(raw, path.name)
                previous = last.digest
            stream.flush()
            os.fsync(stream.fileno())
        if last is None:
            raise ValueError("no head to sign")
        return last

    def _files(self) -> list[Path]:
        return sorted(self.pages.glob("*.jsonl"))

    def _private(self, *, create: bool = False) -> Ed25519PrivateKey:
        if not self.key_file.exists():
            if not create:
                raise FileNotFoundError(self.key_file)
            self._make_key()
        loaded = load_pem_private_key(self.key_file.read_bytes(), password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise ValueError("the signing key of the journal is not an Ed25519 key")
        return loaded

    def _make_key(self) -> None:
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = self.key_file.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self.key_file)
        self.public_file.write_text(_public_hex(private.public_key()) + "\n", encoding="ascii")


def _parse(raw: bytes, where: str) -> Line:
    try:
        body: dict[str, Any] = json.loads(raw)
        line = Line(
            **{name: body[name] for name in _FIELDS},
            signature=body["signature"],
            digest=hashlib.sha256(raw.rstrip(b"\n")).hexdigest(),
        )
        well_formed = set(body) == {*_FIELDS, "signature"} and canonical(body) + b"\n" == raw
    except (ValueError, KeyError, TypeError):
        raise BrokenBook(where, "unreadable") from None
    if not well_formed:
        raise BrokenBook(where, "unreadable")
    return line


def _signed(line: Line) -> bytes:
    return canonical({name: getattr(line, name) for name in _FIELDS})


def _verifier(public_key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))


def _public_hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _cut_torn_line(path: Path) -> None:
    """Remove a last line without end: a crash in the middle of a write, never counted
    as written.
    """
    if not path.exists():
        return
    with path.open("r+b") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.truncate(content.rfind(b"\n") + 1)

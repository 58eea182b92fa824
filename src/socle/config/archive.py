"""A whole installation in one file: database, uploaded files, journal checkpoints, secret key.

A backup is a ``.tar.gz``: ``database.sqlite3`` or ``database.pgdump``, ``files/…``, ``journal/…``,
``secret.key``, and last ``manifest.json`` with the SHA-256 of every member. A file without its
manifest at the end was cut short, and is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

FORMAT = 1
MANIFEST = "manifest.json"
_BLOCK = 1024 * 1024

Progress = Callable[[int, int], None]
"""Called with (members done, members in all; 0 when it is not known)."""


class BadArchive(Exception):
    """The file is not a whole, untouched backup. The message is a short reason."""


@dataclass
class Manifest:
    """What a backup holds."""

    vendor: str
    version: str
    made_at: str
    storage: str
    members: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {"format": FORMAT, **self.__dict__}


class Writer:
    """Writes members one after the other, hashing as it goes, then the manifest."""

    def __init__(self, target: Path, manifest: Manifest) -> None:
        self.target = target
        self.manifest = manifest
        self.draft = target.with_name(f".{target.name}.part")

    def __enter__(self) -> Writer:
        # It holds personal data and the secret key: for its owner only.
        descriptor = os.open(self.draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(
            fileobj=self._raw, mode="w:gz", compresslevel=5, format=tarfile.PAX_FORMAT
        )
        return self

    def add(self, name: str, path: Path) -> None:
        """One file. A file that grows meanwhile is cut at the size it had."""
        size = path.stat().st_size
        with path.open("rb") as stream:
            self.add_stream(name, stream, size)

    def add_stream(self, name: str, stream: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o640
        info.mtime = int(datetime.now(UTC).timestamp())
        hashing = _Hashing(stream, size)
        self._tar.addfile(info, hashing)
        self.manifest.members[name] = hashing.digest.hexdigest()
        self.manifest.sizes[name] = size

    def __exit__(self, kind: object, *_rest: object) -> None:
        try:
            if kind is None:
                body = json.dumps(self.manifest.document(), indent=1).encode()
                info = tarfile.TarInfo(MANIFEST)
                info.size, info.mode = len(body), 0o640
                info.mtime = int(datetime.now(UTC).timestamp())
                self._tar.addfile(info, io.BytesIO(body))
            self._tar.close()
            self._raw.flush()
            os.fsync(self._raw.fileno())
        finally:
            self._raw.close()
        if kind is None:
            self.draft.replace(self.target)
        else:
            self.draft.unlink(missing_ok=True)


class _Hashing(io.RawIOBase):
    """Hashes what is read through it; pads with zeros a file that shrank."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        super().__init__()
        self._stream, self._left = stream, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        block = self._stream.read(wanted)
        block += bytes(wanted - len(block))
        self._left -= len(block)
        self.digest.update(block)
        return block


def journal_of(home: Path) -> Iterator[tuple[str, Path]]:
    """(name in the archive, path) of the journal's checkpoints and key."""
    yield from _walk("journal", home / "journal")


def files_of(home: Path, files: Path | None) -> Iterator[tuple[str, Path]]:
    """(name in the archive, path) of uploaded files and of the secret key.

    ``files`` is the folder of uploaded files, None when they are in object storage.
    """
    if files is not None:
        yield from _walk("files", files)
    if (home / "secret.key").is_file():
        yield "secret.key", home / "secret.key"


def _walk(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink() and path.name != ".lock":
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a live database, by SQLite's own online backup."""
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=20)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        # In one step: a backup taken page by page starts again at every write of another process.
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")


def unpack(archive: Path, into: Path, progress: Progress | None = None) -> Manifest:
    """Extract everything into an empty folder and verify every hash.

    Raises :class:`BadArchive` when the file is cut, altered, of another format, or when a member
    would land outside ``into``.
    """
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for count, member in enumerate(tar, 1):
                if manifest is not None:
                    raise BadArchive("members after the manifest")
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is None:
                    raise BadArchive(f"{member.name}: not a file")
                if member.name == MANIFEST:
                    manifest = _manifest(stream.read(64 * _BLOCK))
                    continue
                found[member.name] = _extract(stream, _safe(into, member.name))
                if progress:
                    progress(count, 0)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadArchive(str(error) or type(error).__name__) from None
    if manifest is None:
        raise BadArchive("no manifest: the file is cut short")
    if found != manifest.members:
        wrong = sorted(
            name for name in {*found, *manifest.members}
            if found.get(name) != manifest.members.get(name)
        )  # fmt: skip
        raise BadArchive(f"altered: {', '.join(wrong[:3])}")
    return manifest


def _safe(into: Path, name: str) -> Path:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise BadArchive(f"{name}: outside the folder")
    return into.joinpath(*pure.parts)


def _extract(stream: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as out:
        while block := stream.read(_BLOCK):
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(0o640)
    return digest.hexdigest()


def _manifest(body: bytes) -> Manifest:
    try:
        content = json.loads(body)
        if content.pop("format") != FORMAT:
            raise BadArchive("another format")
        return Manifest(**content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadArchive("the manifest cannot be read") from None


@contextlib.contextmanager
def workshop(beside: Path) -> Iterator[Path]:
    """A temporary folder on the same disk as ``beside``, so that moving out of it is a rename."""
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".socle-", dir=beside) as folder:
        yield Path(folder)

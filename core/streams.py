"""Large files at rest: encrypted piece by piece, so that no file is ever whole in memory.

Layout: the letters OMBS and a 1; the length of the key's id and the id; then pieces, each its length (4 bytes, big
endian) and nonce and ciphertext (AES-256-GCM). A piece is authenticated with the file's id, its number and whether it
is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so none can be left out, moved,
or taken from another file, and a file that was cut off is found out.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from core.crypto import cipher
from core.errors import Tampered
from core.settings import settings

_MAGIC = b"OMBS1"
PIECE = 1 << 20
"""Bytes of one piece before encryption."""
_OVERHEAD = 28
"""Bytes that encryption adds to a piece: nonce and tag."""


def folder() -> Path:
    """Where such files lie. They are made again rather than restored, so no backup needs them."""
    return settings().data_dir / "exports"


def path_of(file_id: UUID) -> Path:
    """Where one file lies."""
    return folder() / file_id.hex


class _Sink(io.RawIOBase):
    """Takes bytes in order, and writes them down encrypted. It cannot go back."""

    def __init__(self, target: BinaryIO, file_id: UUID) -> None:
        self._target, self._id = target, file_id
        self._waiting = bytearray()
        self._number, self.size = 0, 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        given = memoryview(data).cast("B")  # type: ignore[arg-type]
        self._waiting += given
        self.size += len(given)
        while len(self._waiting) > PIECE:  # the last piece is known only at the end, so one is always kept back
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(given)

    def tell(self) -> int:
        return self.size

    def seekable(self) -> bool:
        return False

    def end(self) -> None:
        """Write down what is left."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        _, raw = cipher().encrypt_bytes(piece, _about(self._id, self._number, last=last))
        self._target.write(len(raw).to_bytes(4) + raw)
        self._number += 1


def _about(file_id: UUID, number: int, *, last: bool) -> bytes:
    return file_id.bytes + number.to_bytes(8) + bytes([last])


@contextmanager
def writing(file_id: UUID) -> Iterator[_Sink]:
    """A file to be written from its beginning to its end; it is there, whole and durable, when this ends well."""
    target = path_of(file_id)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    name = cipher().current.encode()
    try:
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(_MAGIC + bytes([len(name)]) + name)
            sink = _Sink(file, file_id)
            yield sink
            sink.end()
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def read(file_id: UUID) -> Iterator[bytes]:
    """The file's bytes, piece by piece.

    Raises:
        FileNotFoundError: there is no such file.
        Tampered: it was changed, cut off, put in another's place, or its key is missing.
    """
    with path_of(file_id).open("rb") as file:
        key_id = _key_of(file)
        number = 0
        ahead = file.read(4)
        while True:
            raw = file.read(int.from_bytes(ahead)) if 0 < int.from_bytes(ahead) <= PIECE + _OVERHEAD else b""
            ahead = file.read(4)
            last = not ahead
            yield cipher().decrypt_bytes(key_id, raw, _about(file_id, number, last=last))
            if last:
                return
            number += 1


def _key_of(file: BinaryIO) -> str:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise Tampered("A stored file was changed on the disk: it does not begin as it should.")
    return file.read(file.read(1)[0]).decode(errors="replace")


def remove(file_id: UUID) -> None:
    """Forget a file; one that is gone already is no matter."""
    path_of(file_id).unlink(missing_ok=True)


def kept() -> Iterator[UUID]:
    """Every file's id."""
    for path in sorted(folder().glob("*")):
        if not path.name.startswith("."):
            yield UUID(path.name)


def half_written(before: datetime) -> Iterator[Path]:
    """What a process that died left of a file it was writing, and of what it laid beside it, older than `before`."""
    for path in folder().glob(".*"):
        try:
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                yield path
        except FileNotFoundError:
            continue


def rewrite(file_id: UUID) -> bool:
    """Encrypt a file anew where an older key holds it; whether that was so. Raises as `read` does."""
    with path_of(file_id).open("rb") as file:
        if _key_of(file) == cipher().current:
            return False
    with writing(file_id) as sink:
        for piece in read(file_id):
            sink.write(piece)
    return True

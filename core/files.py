"""Files at rest: encrypted bytes in the data folder, known by an id and never by a name that somebody chose.

Layout: the letters OMBF and a 1; the length of the key's id and the id; then nonce and ciphertext (AES-256-GCM). The
key's id and the file's own id are authenticated too, so a file put in another's place is found out.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from core.crypto import cipher
from core.errors import Tampered
from core.settings import settings

_MAGIC = b"OMBF1"


def folder() -> Path:
    """Where all files lie. It belongs into every backup."""
    return settings().data_dir / "attachments"


def path_of(file_id: UUID) -> Path:
    """Where one file lies. Ids begin with the time, so the end of them spreads the files evenly."""
    return folder() / file_id.hex[-2:] / file_id.hex


def write(file_id: UUID, data: bytes) -> None:
    """Keep `data` under an id, durably: when this returns, the file is there whole, also after a power cut."""
    _put(path_of(file_id), _sealed(file_id, data))


def _sealed(file_id: UUID, data: bytes) -> bytes:
    key_id, raw = cipher().encrypt_bytes(data, file_id.bytes)
    name = key_id.encode()
    return _MAGIC + bytes([len(name)]) + name + raw


def _put(target: Path, content: bytes) -> None:
    fresh = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    for directory in (target.parent, target.parent.parent, target.parent.parent.parent) if fresh else (target.parent,):
        _sync(directory)


def _sync(directory: Path) -> None:
    """Make a new name in a folder as durable as the file it names."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(file_id: UUID) -> bytes:
    """The bytes kept under an id.

    Raises:
        FileNotFoundError: there is no such file.
        Tampered: it was changed, put in another's place, or its key is missing.
    """
    return _opened(file_id, path_of(file_id).read_bytes())


def _opened(file_id: UUID, content: bytes) -> bytes:
    key_id, raw = _parts(content)
    return cipher().decrypt_bytes(key_id, raw, file_id.bytes)


def _parts(content: bytes) -> tuple[str, bytes]:
    start = len(_MAGIC) + 1
    if not content.startswith(_MAGIC) or len(content) < start:
        raise Tampered("A stored file was changed on the disk: it does not begin as it should.")
    end = start + content[start - 1]
    return content[start:end].decode(errors="replace"), content[end:]


def remove(file_id: UUID) -> None:
    """Forget a file; one that is gone already is no matter."""
    path_of(file_id).unlink(missing_ok=True)


def kept() -> Iterator[tuple[UUID, datetime]]:
    """Every file's id and when it was written."""
    for path in sorted(folder().glob("??/*")):
        try:
            yield UUID(path.name), datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except (ValueError, FileNotFoundError):  # a half-written neighbour, or gone meanwhile
            continue


def half_written(before: datetime) -> Iterator[Path]:
    """What a process that died left of a file it was writing, older than `before`."""
    for path in folder().glob("??/.*"):
        try:
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                yield path
        except FileNotFoundError:
            continue


def rewrite(file_id: UUID) -> bool:
    """Encrypt a file anew where an older key holds it; whether that was so. Raises as `read` does."""
    content = path_of(file_id).read_bytes()
    if _parts(content)[0] == cipher().current:
        return False
    _put(path_of(file_id), _sealed(file_id, _opened(file_id, content)))
    return True

"""Files a citizen sends in Telegram: kept in memory, described as the Bot API does, and handed out by getFile."""

import hashlib
import threading
from dataclasses import dataclass
from typing import Any

FILES = ("photo", "voice", "audio", "video", "video_note", "document", "animation")
LARGEST = 20 * 1024 * 1024
"""Bytes of the largest file a bot may fetch."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file. `path` is where getFile says it lies."""

    file_id: str
    path: str
    data: bytes
    content_type: str


class Files:
    """What citizens sent, by file id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, StoredFile] = {}

    def add(self, data: bytes, name: str, content_type: str, *, size: int = 0) -> dict[str, Any]:
        """Keep a file; gives the fields of a message that carries it. `size` may say more than there is."""
        kind = kind_of(name, content_type)
        mark = hashlib.blake2b(data + name.encode(), digest_size=9).hexdigest()
        file_id = f"AgAC{mark}"
        ending = name.rpartition(".")[2] if "." in name else "bin"
        with self._lock:
            self._kept[file_id] = StoredFile(file_id, f"{kind}s/file_{len(self._kept)}.{ending}", data, content_type)
        known = {"file_id": file_id, "file_unique_id": mark, "file_size": size or len(data)}
        match kind:
            case "photo":
                thumb = {
                    **known,
                    "file_id": f"{file_id}s",
                    "width": 90,
                    "height": 67,
                    "file_size": min(1200, len(data)),
                }
                return {"photo": [thumb, {**known, "width": 1280, "height": 960}]}
            case "voice":
                return {"voice": {**known, "duration": 4, "mime_type": content_type}}
            case "audio":
                return {"audio": {**known, "duration": 4, "mime_type": content_type, "file_name": name}}
            case "video":
                return {
                    "video": {
                        **known,
                        "width": 640,
                        "height": 480,
                        "duration": 4,
                        "mime_type": content_type,
                        "file_name": name,
                    }
                }
            case _:
                return {"document": {**known, "mime_type": content_type, "file_name": name}}

    def find(self, file_id: str) -> StoredFile | None:
        """A file by its id; a thumbnail is the file itself here."""
        with self._lock:
            return self._kept.get(file_id) or self._kept.get(file_id.removesuffix("s"))

    def at(self, path: str) -> StoredFile | None:
        """A file by its path."""
        with self._lock:
            return next((file for file in self._kept.values() if file.path == path), None)


def kind_of(name: str, content_type: str) -> str:
    """What a Telegram client makes of a file somebody picks."""
    if content_type in ("image/jpeg", "image/png", "image/webp"):
        return "photo"
    if content_type in ("audio/ogg", "audio/opus", "audio/webm") or name.endswith((".oga", ".ogg")):
        return "voice"
    family = content_type.partition("/")[0]
    return family if family in ("audio", "video") else "document"

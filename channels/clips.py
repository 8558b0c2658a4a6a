"""Sounds and films without what they say besides: titles, places, pictures in tags, bytes behind the end.

Nothing is decoded: boxes, chunks and tags are taken off or blanked where they stand.
"""

import struct
from collections.abc import Iterator

PHOTO_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_HOLDS_BOXES = frozenset({b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf"})
_TELLS = frozenset({b"udta", b"meta", b"uuid", b"XMP_", b"ilst", b"keys"})
"""Boxes that say who, where and with what."""
_DEPTH = 8
_MAX_BOXES = 20_000
_BITRATES = {  # kbit/s by index; MPEG 1 and MPEG 2, layer III
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


class Unreadable(Exception):
    """The bytes are no whole recording."""


# -- MP4, M4A, 3GP, MOV, HEIC: boxes in boxes ---------------------------------------------------------------------


def plain_film(data: bytes) -> tuple[bytes, bool]:
    """A film or sound with its descriptions blanked, and whether it has pictures that move.

    Raises Unreadable for one that is cut off or has no tracks.
    """
    out, shows, has_tracks = bytearray(data), False, False
    end = 0
    for kind, start, body, stop in _boxes(data, 0, len(data)):
        end = stop
        if kind == b"trak":
            has_tracks = True
        elif kind == b"hdlr":
            shows = shows or data[body + 8 : body + 12] == b"vide"
        elif kind in _TELLS:
            _blank(out, start, body, stop)
    if not has_tracks:
        raise Unreadable
    return bytes(out[: _top_end(data, end)]), shows


def _boxes(data: bytes, start: int, stop: int, depth: int = 0) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, start, start of its body, end) of each box and of those inside; raises Unreadable where one is cut."""
    seen = 0
    while stop - start >= 8:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1:
            if stop - start < 16:
                raise Unreadable
            size, body = struct.unpack_from(">Q", data, body)[0], start + 16
        elif size == 0:
            size = stop - start
        seen += 1
        if size < body - start or seen > _MAX_BOXES:
            raise Unreadable
        if depth == 0 and not _is_type(kind):
            return  # behind the last box
        if start + size > stop:
            raise Unreadable
        yield kind, start, body, start + size
        if kind in _HOLDS_BOXES and depth < _DEPTH:
            yield from _boxes(data, body, start + size, depth + 1)
        start += size


def _is_type(kind: bytes) -> bool:
    return all(32 <= letter < 127 or letter == 0xA9 for letter in kind)


def _top_end(data: bytes, end: int) -> int:
    """Where the last box of the outermost row ends."""
    position = 0
    for _, start, _, stop in _boxes(data, 0, len(data)):
        if start == position:
            position = stop
    return position or end


def _blank(out: bytearray, start: int, body: int, stop: int) -> None:
    """Make a box one that players skip, and empty it. Nothing moves, so no offset in the file is wrong afterwards."""
    out[start + 4 : start + 8] = b"free"
    out[body:stop] = bytes(stop - body)


def plain_heic(data: bytes) -> bytes:
    """An iPhone's photo with the bytes of its Exif and XMP blanked where they lie. Raises Unreadable.

    The turn of the picture is a property of its own, so it stays upright. Blanked only when every extent is found:
    what cannot be made harmless is not kept.
    """
    try:
        return _plain_heic(data)
    except (struct.error, IndexError, ValueError) as error:
        raise Unreadable from error


def _plain_heic(data: bytes) -> bytes:
    out = bytearray(data)
    meta = next(((body, stop) for kind, _, body, stop in _boxes(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        raise Unreadable
    inner = {kind: (body, stop) for kind, _, body, stop in _boxes(data, meta[0] + 4, meta[1], 1)}
    if b"iinf" not in inner or b"iloc" not in inner:
        raise Unreadable
    telling = _telling_items(data, *inner[b"iinf"])
    idat = inner.get(b"idat", (0, 0))[0]
    for item, method, offset, length in _extents(data, *inner[b"iloc"]):
        if item not in telling:
            continue
        if method > 1 or not length:
            raise Unreadable
        begin = offset + (idat if method == 1 else 0)
        if begin + length > len(out) or begin < 16:
            raise Unreadable
        out[begin : begin + length] = bytes(length)
        telling[item] = True
    if not all(telling.values()):
        raise Unreadable
    return bytes(out[: _top_end(data, len(data))])


def _telling_items(data: bytes, body: int, stop: int) -> dict[int, bool]:
    """Items of a HEIC that are Exif or XMP, none of them blanked yet."""
    version = data[body]
    first = body + (6 if version == 0 else 8)
    found: dict[int, bool] = {}
    for kind, _, entry, end in _boxes(data, first, stop, 1):
        if kind != b"infe" or data[entry] < 2:
            continue
        wide = data[entry] >= 3
        item = struct.unpack_from(">I" if wide else ">H", data, entry + 4)[0]
        what = data[entry + (10 if wide else 8) :][:4]
        if what in (b"Exif", b"mime", b"uri ") and entry < end:
            found[item] = False
    return found


def _extents(data: bytes, body: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """(item, construction method, offset, length) of each extent of a HEIC's iloc box."""
    version, sizes, more = data[body], data[body + 4], data[body + 5]
    offset_size, length_size, base_size, index_size = sizes >> 4, sizes & 15, more >> 4, more & 15
    position = body + 6

    def number(size: int) -> int:
        nonlocal position
        if position + size > stop:
            raise Unreadable
        value = int.from_bytes(data[position : position + size])
        position += size
        return value

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        for _ in range(number(2)):
            if version in (1, 2):
                number(index_size)
            offset = number(offset_size)
            yield item, method, base + offset, number(length_size)


# -- WAV, Ogg, MP3 ------------------------------------------------------------------------------------------------


def plain_wav(data: bytes) -> bytes:
    """A WAV of its format and its sound alone. Raises Unreadable."""
    kept: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, position)
        if kind in (b"fmt ", b"fact", b"data"):
            kept.setdefault(kind, data[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    if b"fmt " not in kept or not kept.get(b"data"):
        raise Unreadable
    body = b"".join(
        struct.pack("<4sI", kind, len(part)) + part + b"\0" * (len(part) % 2)
        for kind in (b"fmt ", b"fact", b"data")
        if (part := kept.get(kind)) is not None
    )
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body


def sound_ogg(data: bytes) -> bytes:
    """An Ogg whose pages hold sound, cut behind its last page. Raises Unreadable for pictures and for what is cut."""
    if b"OpusHead" not in data[:200] and b"\x01vorbis" not in data[:200] and b"Speex   " not in data[:200]:
        raise Unreadable
    position = pages = 0
    while data[position : position + 4] == b"OggS" and position + 27 <= len(data):
        segments = data[position + 26]
        table = data[position + 27 : position + 27 + segments]
        end = position + 27 + segments + sum(table)
        if len(table) < segments or end > len(data):
            break
        position, pages = end, pages + 1
    if pages < 2:
        raise Unreadable
    return data[:position]


def plain_mp3(data: bytes) -> bytes | None:
    """An MP3 without its tags; None when it is none. Raises Unreadable for tags without sound."""
    start, tagged = 0, False
    while data[start : start + 3] == b"ID3" and start + 10 <= len(data):
        size = sum((data[start + 6 + place] & 0x7F) << (21 - 7 * place) for place in range(4))
        start, tagged = start + 10 + size, True
    while tagged and start < len(data) and data[start] == 0:  # padding that the tag does not count
        start += 1
    position, frames = start, 0
    while (length := _frame(data, position)) and position + length <= len(data):
        position, frames = position + length, frames + 1
    if frames < 2:
        if tagged:
            raise Unreadable
        return None
    return data[start:position]


def _frame(data: bytes, position: int) -> int:
    """Length in bytes of the MPEG audio frame (layer III) that begins here; 0 when none does."""
    if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = (data[position + 1] >> 3) & 3, (data[position + 1] >> 1) & 3
    bitrate, rate, padding = data[position + 2] >> 4, (data[position + 2] >> 2) & 3, (data[position + 2] >> 1) & 1
    if layer != 1 or version == 1 or rate == 3 or not _BITRATES[version == 3][bitrate]:
        return 0
    samples = 144 if version == 3 else 72
    return samples * _BITRATES[version == 3][bitrate] * 1000 // _RATES[version][rate] + padding

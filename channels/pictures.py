"""Pictures drawn anew: what our decoder saw is what is kept, upright, and nothing else the file carried.

Pillow is loaded with the first picture. Every bound here is checked before dots are drawn.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MAX_DOTS = 50_000_000
"""Most dots that are drawn at once: 150 MB of memory for a moment. Phones take 12 to 50 million."""
MAX_CLAIMED = 210_000_000
"""Most dots of a JPEG, which is drawn smaller straight from its file."""
MAX_EDGE = 4096
"""Longest edge of what is kept; a page of small print is read well at 3000."""
MAX_FRAME_DOTS = 60_000_000
"""Most dots of all frames of a moving picture together."""
MAX_FRAMES = 300
MAX_SCANS = 60
"""A JPEG drawn in hundreds of passes keeps a processor busy for minutes; cameras use ten."""
QUALITY = 90


class Unreadable(Exception):
    """The bytes are no whole picture."""


class TooManyDots(Exception):
    """More dots than are drawn."""


class TooManyFrames(Exception):
    """A moving picture that moves for too long."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is kept of a file; `format` is JPEG, PNG, WEBP or GIF for pictures."""

    format: str
    data: bytes
    width: int | None
    height: int | None


def draw(data: bytes, kind: str) -> Drawn:
    """A picture of `kind` (Pillow's name for it) drawn anew.

    Raises Unreadable, TooManyDots, TooManyFrames.
    """
    from PIL import Image

    if kind == "JPEG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise Unreadable
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            width, height = image.size
            frames = getattr(image, "n_frames", 1) if kind == "GIF" else 1
            _check_bounds(width * height, kind, frames, progressive=bool(image.info.get("progressive")))
            return _moving(image) if frames > 1 else _still(image, kind)
    except (TooManyDots, TooManyFrames, Unreadable):
        raise
    except Image.DecompressionBombError as error:
        raise TooManyDots from error
    except Exception as error:  # a decoder fails in any way on bytes made to hurt it, and each means the same
        raise Unreadable from error


def _check_bounds(dots: int, kind: str, frames: int, *, progressive: bool) -> None:
    if dots > (MAX_CLAIMED if kind == "JPEG" and not progressive else MAX_DOTS):
        raise TooManyDots
    if frames > MAX_FRAMES or (frames > 1 and frames * dots > MAX_FRAME_DOTS):
        raise TooManyFrames


def _still(image: "Image.Image", kind: str) -> Drawn:
    from PIL import ImageOps

    _smaller(image, MAX_EDGE)
    if image.size[0] * image.size[1] > MAX_DOTS:
        raise TooManyDots
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):  # a scanner's 65,536 greys, which a plain conversion would cut off at 255
        upright = upright.point(lambda grey: grey / 256).convert("L")
    see_through = kind != "JPEG" and upright.has_transparency_data
    plain = upright.convert("RGBA" if see_through else "RGB")
    plain.thumbnail((MAX_EDGE, MAX_EDGE))
    plain.info.clear()
    kept = "PNG" if kind == "GIF" else kind
    return Drawn(kept, _written(plain, kept), *plain.size)


def _smaller(image: "Image.Image", edge: int) -> None:
    """Have a JPEG drawn at a half, a quarter or an eighth, no smaller than `edge`; other kinds take no notice."""
    share = edge / max(image.size)
    if share < 1:
        image.draft("RGB", (max(1, int(image.size[0] * share)), max(1, int(image.size[1] * share))))


def _written(image: "Image.Image", kind: str) -> bytes:
    out = BytesIO()
    if kind == "PNG":
        image.save(out, "PNG", compress_level=6)
    elif kind == "WEBP":
        image.save(out, "WEBP", quality=QUALITY, method=1)  # a third of the time for a tenth more bytes
    else:
        image.save(out, kind, quality=QUALITY)
    return out.getvalue()


def _moving(image: "Image.Image") -> Drawn:
    from PIL import ImageSequence

    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(min(max(int(frame.info.get("duration") or 100), 20), 10_000))
        plain = frame.convert("RGBA")
        plain.info.clear()
        frames.append(plain)
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=2)
    return Drawn("GIF", out.getvalue(), *image.size)


def thumbnail(data: bytes, edge: int) -> bytes | None:
    """A small JPEG of a picture that `draw` made, on white; None when it cannot be drawn."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP", "GIF"]) as image:
            _smaller(image, edge)
            image.thumbnail((edge, edge))
            if image.has_transparency_data:
                seen = image.convert("RGBA")
                ground = Image.new("RGB", seen.size, "white")
                ground.paste(seen, mask=seen.getchannel("A"))
            else:
                ground = image.convert("RGB")
            ground.info.clear()
            return _written(ground, "JPEG")
    except Exception:  # noqa: BLE001  (the file itself can still be downloaded)
        return None

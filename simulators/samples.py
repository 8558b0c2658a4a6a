"""Something to send without looking for a file: a photo that tells where it was taken, and a voice message."""

import math
import struct
from functools import cache
from io import BytesIO

from simulators.media import Picked

HOUSES = ((0, 250, "#c9a27c"), (230, 200, "#8f7b6b"), (470, 270, "#b98d78"), (740, 220, "#a4958a"))


@cache
def sample(name: str) -> Picked | None:
    """The sample of this name, drawn when it is first asked for; None for a name that is none."""
    return {"photo": _photo, "voice": _voice}[name]() if name in ("photo", "voice") else None


def _photo() -> Picked:
    """A burst pipe in the street, as a phone writes it: lying on its side, with the place in its Exif."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (960, 720), "#a9c4d6")
    draw = ImageDraw.Draw(image)
    for row in range(360, 720):
        grey = 118 + (row - 360) // 9
        draw.line([(0, row), (960, row)], fill=(grey, grey - 4, grey - 10))
    for left, height, colour in HOUSES:
        draw.rectangle((left, 360 - height, left + 215, 362), fill=colour)
        for x in range(left + 24, left + 190, 58):
            for y in range(380 - height, 330, 64):
                draw.rectangle((x, y, x + 30, y + 38), fill="#46525c")
    draw.ellipse((250, 520, 800, 690), fill="#7fa6bd")
    draw.ellipse((330, 548, 720, 664), fill="#9cc0d4")
    draw.polygon([(505, 600), (540, 600), (533, 640), (512, 640)], fill="#3d4247")
    for angle in range(-60, 61, 6):
        reach = 250 - abs(angle) * 2
        draw.line(
            [(522, 600), (522 + reach * math.sin(math.radians(angle)), 600 - reach * math.cos(math.radians(angle)))],
            fill="#e8f3f9",
            width=5,
        )
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Example", "Phone 3"
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 19.0, 40.0), 3: "E", 4: (19.0, 49.0, 7.0)})
    out = BytesIO()
    image.rotate(90, expand=True).save(out, "JPEG", quality=88, exif=exif.tobytes())
    return Picked("IMG_2041.jpg", "image/jpeg", out.getvalue())


def _voice() -> Picked:
    """Two seconds that rise and fall like a voice."""
    rate, sound = 8000, bytearray()
    for at in range(2 * rate):
        swell = math.sin(math.pi * at / (2 * rate)) * (0.6 + 0.4 * math.sin(at / 900))
        sound += struct.pack("<h", int(9000 * swell * math.sin(at * (0.12 + 0.03 * math.sin(at / 2500)))))
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    body = b"WAVE" + shape + struct.pack("<4sI", b"data", len(sound)) + sound
    return Picked("voice.wav", "audio/wav", struct.pack("<4sI", b"RIFF", len(body)) + body)

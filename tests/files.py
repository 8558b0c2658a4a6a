"""Files to test with, made from bytes: no binary lies in the repository."""

import struct
import zipfile
from io import BytesIO

from PIL import Image, PngImagePlugin

SECRET = b"41.3275N 19.8187E Ana's phone"
"""Stands in every file where it must not be afterwards."""


def dots(width: int = 60, height: int = 40) -> Image.Image:
    """A picture that shows which way is up: its left half is blue, the rest red."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, 0, width // 2, height))
    return image


def jpeg(*, orientation: int = 1, width: int = 60, height: int = 40) -> bytes:
    """A phone's photo, with place, maker, comment and words behind its end."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 19.0, 39.0), 29: "2026:03:02"})
    out = BytesIO()
    dots(width, height).save(out, "JPEG", exif=exif.tobytes(), comment=SECRET)
    return out.getvalue() + b"<html><script>" + SECRET + b"</script></html>"


def png() -> bytes:
    """A screenshot with words in its chunks."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    out = BytesIO()
    dots().save(out, "PNG", pnginfo=info)
    return out.getvalue() + SECRET


def webp() -> bytes:
    """A WebP with XMP."""
    out = BytesIO()
    dots().save(out, "WEBP", xmp=SECRET)
    return out.getvalue()


def gif(frames: int = 3, width: int = 60, height: int = 40) -> bytes:
    """A moving picture with a comment; few bytes, however large it opens."""
    images = [Image.new("P", (width, height), place % 2) for place in range(frames)]
    for image in images:
        image.putpalette([0, 0, 0, 255, 0, 0])
    out = BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=50, comment=SECRET)
    return out.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    """One box of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def film(brand: bytes = b"isom", handler: bytes = b"vide") -> bytes:
    """A film (or with another handler, a sound) that says where it was taken."""
    hdlr = box(b"hdlr", bytes(8), handler, bytes(13))
    track = box(b"trak", box(b"mdia", hdlr), box(b"udta", SECRET))
    moov = box(b"moov", box(b"mvhd", bytes(100)), track, box(b"udta", box(b"\xa9xyz", SECRET)))
    return box(b"ftyp", brand, bytes(4), b"isom") + moov + box(b"mdat", b"dots" * 40) + box(b"uuid", SECRET)


def heic() -> bytes:
    """An iPhone's photo: an Exif item, and a picture item, in one mdat."""
    exif_item = box(b"infe", b"\x02\0\0\0", struct.pack(">HH", 2, 0), b"Exif", b"\0")
    image_item = box(b"infe", b"\x02\0\0\0", struct.pack(">HH", 1, 0), b"hvc1", b"\0")
    iinf = box(b"iinf", bytes(4), struct.pack(">H", 2), image_item, exif_item)

    def whole(start: int) -> bytes:
        entries = b"".join(
            struct.pack(">HHHII", item, 0, 1, start + place, length)
            for item, place, length in ((1, 0, 16), (2, 16, len(SECRET)))
        )
        iloc = box(b"iloc", bytes(4), b"\x44\x00", struct.pack(">H", 2), entries)
        meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)), iinf, iloc)
        head = box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta
        return head + box(b"mdat", b"picture picture ", SECRET)

    return whole(whole(0).index(b"picture picture "))


def wav() -> bytes:
    """A second of silence with a title."""
    sound = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8) + struct.pack("<4sI", b"data", 8000)
    info = struct.pack("<4sI", b"LIST", len(SECRET) + len(SECRET) % 2) + SECRET + b"\0" * (len(SECRET) % 2)
    body = b"WAVE" + info + sound + b"\x80" * 8000
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def mp3() -> bytes:
    """Ten frames with tags before and behind."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 0, len(SECRET)]) + SECRET
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * 10 + b"TAG" + SECRET


def ogg(kind: bytes = b"OpusHead") -> bytes:
    """A voice message of two pages, with words behind its end."""

    def page(body: bytes) -> bytes:
        return b"OggS" + bytes(22) + bytes([1, len(body)]) + body

    return page(kind + bytes(11)) + page(b"sound" * 20) + SECRET


def packed(**members: bytes) -> bytes:
    """A zip archive; two underscores stand for a slash, one for a dot."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    """A document as word processors write it."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", b"<w:document/>")
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
AMR = b"#!AMR\n" + b"\x3c" + bytes(31)
PROGRAM = b"MZ\x90\x00" + bytes(300) + b"This program cannot be run in DOS mode."
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The file every virus scanner knows, and that harms nobody; in two parts, lest scanners take this source for it."""

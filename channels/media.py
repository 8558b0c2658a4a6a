"""Files that citizens send: what they really are, made harmless, or refused in words that say how to mend it.

The type is read from the content; names and claimed types are hints at most. Pictures are drawn anew, so what a file
said besides (where it was taken, with which phone, what somebody hid behind its end) is gone. Values in, values out.

The sentences are message ids for the catalogues (core/locale), so pages show them in the citizen's language.
"""

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from channels import clips, pictures
from channels.forms import N_
from core.errors import BadInput, TooLarge
from core.settings import settings
from core.texts import clean

EMPTY: Final = N_("This file is empty. Please choose it again.")
TOO_LARGE: Final = N_("This file is too large. Please send a smaller one.")
CUT_OFF: Final = N_("This file is damaged or only half there. Please send it again.")
TOO_MANY_DOTS: Final = N_("This picture is too large to open. Please take it again with a smaller size.")
TOO_MANY_FRAMES: Final = N_("This moving picture is too long. Please send a photo or a shorter one.")
NOT_TAKEN: Final = N_(
    "We cannot take this kind of file. Please send a photo, a sound or video recording, a PDF or a text."
)
PROGRAM: Final = N_("This file is a program, and we do not take programs. Please send a photo or a PDF instead.")
ARCHIVE: Final = N_("This file has other files packed inside. Please send each of them by itself.")
WEB_PAGE: Final = N_("This file is a web page or a drawing with code. Please send a photo of it or a PDF.")
MACROS: Final = N_("This document has small programs inside. Please save it as a PDF and send that.")
OLD_DOCUMENT: Final = N_("This kind of document is too old. Please save it as a PDF and send that.")

TOO_MANY: Final = N_("That is more files than fit. Please take one away first.")
NOT_THERE: Final = N_("We could not get this file. Please send it again.")

NAME_LIMIT = 80
EXTENSIONS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/3gpp": ".3gp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/3gpp": ".3gp",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
}
"""All that is ever kept, and the one ending a file of the type may have."""
ACCEPT: Final = ",".join(sorted(set(EXTENSIONS.values()) | {".jpeg", ".oga", ".opus"}))
"""For a file field's `accept`."""
INLINE: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""Pictures that browsers draw, and that were drawn anew by us."""
_PICTURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_OFFICE: Final = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ODT: Final = "application/vnd.oasis.opendocument.text"
_BRANDS: Final = {b"M4A": "audio/mp4", b"M4B": "audio/mp4", b"qt ": "video/quicktime", b"3gp": "video/3gpp"}
_FAMILIES: Final = {"image": "photo", "audio": "audio", "video": "video"}
_MARKUP = re.compile(
    r"<\s*(?:!doctype|\?xml|html|head|body|script|svg|iframe|object|embed|style|meta|img|a\s)", re.IGNORECASE
)
_SCRIPTS: Final = frozenset("js mjs javascript vbs vbscript bat cmd ps1 sh py php pl lnk url desktop reg hta".split())
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNSAFE = re.compile(r'[/\\<>:"|?*\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Media:
    """A file as it is kept. `kind` is a word of `channels.values.Attachment`; width and height in dots, of pictures."""

    content_type: str
    kind: str
    data: bytes
    width: int | None
    height: int | None
    name: str


def examine(data: bytes, name: str, claimed: str | None = None, *, limit: int | None = None) -> Media:
    """What a file is, made harmless. `limit` in bytes; by default the installation's.

    Raises:
        BadInput: it cannot be kept; the message is one sentence for the citizen, also as the field `file`.
    """
    if not data:
        raise _refused(EMPTY)
    if len(data) > (settings().attachment_limit_bytes if limit is None else limit):
        raise TooLarge(TOO_LARGE, fields={"file": TOO_LARGE})
    content_type, drawn = _made_harmless(data, name, claimed)
    family = content_type.partition("/")[0]
    kind = "contact" if content_type == "text/vcard" else _FAMILIES.get(family, "document")
    return Media(content_type, kind, drawn.data, drawn.width, drawn.height, clean_name(name, content_type))


def _made_harmless(data: bytes, name: str, claimed: str | None) -> tuple[str, pictures.Drawn]:
    picture = next((kind for magic, kind in _PICTURES if data.startswith(magic)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        picture = "WEBP"
    try:
        if picture:
            drawn = pictures.draw(data, picture)
            return f"image/{drawn.format.lower()}", drawn
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            return "audio/wav", _as_is(clips.plain_wav(data))
        if data[4:8] == b"ftyp":
            return _boxed(data)
        if data.startswith(b"OggS"):
            return "audio/ogg", _as_is(clips.sound_ogg(data))
        if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
            return "audio/amr", _as_is(data)
        if (sound := clips.plain_mp3(data)) is not None:
            return "audio/mpeg", _as_is(sound)
    except pictures.TooManyDots as error:
        raise _refused(TOO_MANY_DOTS) from error
    except pictures.TooManyFrames as error:
        raise _refused(TOO_MANY_FRAMES) from error
    except (pictures.Unreadable, clips.Unreadable) as error:
        raise _refused(CUT_OFF) from error
    if data.startswith(b"%PDF-"):
        return "application/pdf", _as_is(data)
    if data.startswith(b"PK\x03\x04"):
        return _office(data), _as_is(data)
    if (text := _text(data)) is not None:
        return _kind_of_text(text, name, claimed), _as_is(data)
    raise _refused(_why_not(data))


def _as_is(data: bytes) -> pictures.Drawn:
    return pictures.Drawn("", data, None, None)


def _boxed(data: bytes) -> tuple[str, pictures.Drawn]:
    """A film, a sound or an iPhone's photo: all come in the same kind of boxes."""
    brand = data[8:12]
    if brand in clips.PHOTO_BRANDS:
        return "image/heic", _as_is(clips.plain_heic(data))
    if brand in (b"avif", b"avis", b"crx "):
        raise _refused(NOT_TAKEN)
    kind = next((known for start, known in _BRANDS.items() if brand.startswith(start)), "video/mp4")
    plain, shows = clips.plain_film(data)
    return (kind if shows else kind.replace("video/quicktime", "audio/mp4").replace("video/", "audio/")), _as_is(plain)


def _office(data: bytes) -> str:
    """A document in a zip archive; any other archive is refused without opening what is inside."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()[:2000]
            first = archive.infolist()[0]
            starts_here = first.header_offset == 0
            mimetype = archive.read(first) if first.filename == "mimetype" and first.file_size < 100 else b""
    except Exception as error:
        raise _refused(CUT_OFF) from error
    if not starts_here:
        raise _refused(ARCHIVE)
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
        raise _refused(MACROS if "[Content_Types].xml" in names else ARCHIVE)
    if mimetype == _ODT.encode():
        return _ODT
    if "[Content_Types].xml" in names:
        found = next((kind for part, kind in _OFFICE.items() if part in names), None)
        if found:
            return found
        raise _refused(NOT_TAKEN)
    raise _refused(ARCHIVE)


def _text(data: bytes) -> str | None:
    """The text that a file is; None when it is not text."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _kind_of_text(text: str, name: str, claimed: str | None) -> str:
    said = {name.lower().rpartition(".")[2] if "." in name else "", *re.findall(r"\w+", (claimed or "").lower())}
    if _MARKUP.search(text[:200_000]) or said & {"html", "htm", "xhtml", "svg", "xml", "css", "mht"}:
        raise _refused(WEB_PAGE)
    if text.lstrip().upper().startswith("BEGIN:VCARD"):
        return "text/vcard"
    if text.startswith("#!") or said & _SCRIPTS:
        raise _refused(PROGRAM)
    return "text/plain"


def _why_not(data: bytes) -> str:
    """The sentence for what is none of ours; puremagic knows what else there is."""
    import puremagic

    if data.startswith((b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"dex\n")):
        return PROGRAM
    try:
        likely = puremagic.magic_string(data[:8192])[:3]
    except Exception:  # noqa: BLE001  (puremagic raises PureError, and others on bytes it half knows)
        return NOT_TAKEN
    said = " ".join(f"{one.extension} {one.mime_type} {one.name}".lower() for one in likely)
    if any(word in said for word in ("executable", "x-msdownload", "shellscript", "java class", "installer")):
        return PROGRAM
    if any(word in said for word in ("zip", "rar", "7z", "tar", "compress", "archive", "cabinet", "xz ")):
        return ARCHIVE
    if "msword" in said or "ole" in said or "ms-excel" in said:
        return OLD_DOCUMENT
    return NOT_TAKEN


def _refused(sentence: str) -> BadInput:
    return BadInput(sentence, fields={"file": sentence})


def clean_name(name: str, content_type: str) -> str:
    """A file's name that is safe to show and to save under: no folders, no marks that turn the reading direction, and
    the ending of what it really is. Empty when nothing is left.
    """
    last = re.split(r"[/\\]", clean(name))[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") or c in "\u200c\u200d")
    stem = " ".join(_UNSAFE.sub(" ", plain).split())
    while "." in stem and 1 <= len(stem.rpartition(".")[2]) <= 5 and stem.rpartition(".")[2].isascii():
        before = stem.rpartition(".")[0]
        if stem.rpartition(".")[2].isdigit():  # a date or a version, no ending
            break
        stem = before
    stem = stem.strip(" .")[:NAME_LIMIT].strip(" .")
    return stem + EXTENSIONS[content_type] if stem else ""

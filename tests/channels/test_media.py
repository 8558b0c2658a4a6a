"""What files really are, made harmless: a table of real ones, hostile ones, and anything at all."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from channels import media, pictures
from core.errors import BadInput, TooLarge
from tests import files

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KEPT = [  # what, its name, type, kind, name afterwards
    (files.jpeg(), "IMG_2041.JPG", "image/jpeg", "photo", "IMG_2041.jpg"),
    (files.png(), "Screenshot 2026.03.02.png", "image/png", "photo", "Screenshot 2026.03.02.png"),
    (files.webp(), "x.webp", "image/webp", "photo", "x.webp"),
    (files.gif(), "x.gif", "image/gif", "photo", "x.gif"),
    (files.gif(frames=1), "x.gif", "image/png", "photo", "x.png"),
    (files.heic(), "IMG_1.HEIC", "image/heic", "photo", "IMG_1.heic"),
    (files.film(), "clip.mp4", "video/mp4", "video", "clip.mp4"),
    (files.film(b"3gp4"), "", "video/3gpp", "video", ""),
    (files.film(b"qt  "), "IMG_3.MOV", "video/quicktime", "video", "IMG_3.mov"),
    (files.film(b"M4A ", b"soun"), "memo", "audio/mp4", "audio", "memo.m4a"),
    (files.film(b"isom", b"soun"), "memo.mp4", "audio/mp4", "audio", "memo.m4a"),
    (files.film(b"3gp5", b"soun"), "memo.3gp", "audio/3gpp", "audio", "memo.3gp"),
    (files.wav(), "a.wav", "audio/wav", "audio", "a.wav"),
    (files.mp3(), "a.mp3", "audio/mpeg", "audio", "a.mp3"),
    (files.ogg(), "a.oga", "audio/ogg", "audio", "a.ogg"),
    (files.AMR, "a.amr", "audio/amr", "audio", "a.amr"),
    (files.PDF, "Bill.PDF", "application/pdf", "document", "Bill.pdf"),
    (files.docx(), "letter.docx", DOCX, "document", "letter.docx"),
    (files.packed(mimetype=b"application/vnd.oasis.opendocument.text"), "l.odt", media._ODT, "document", "l.odt"),
    ("Ujë nuk ka. পানি নেই।".encode(), "note.txt", "text/plain", "document", "note.txt"),
    ("Нет воды".encode("utf-16"), "note.txt", "text/plain", "document", "note.txt"),
    (b"a combat zone", "combat", "text/plain", "document", "combat.txt"),
    (b"BEGIN:VCARD\nFN:Ana\nEND:VCARD", "ana.vcf", "text/vcard", "contact", "ana.vcf"),
]
AS_THEY_CAME = ("application/pdf", "audio/amr", DOCX, media._ODT, "text/plain", "text/vcard")


@pytest.mark.parametrize(("data", "name", "content_type", "kind", "after"), KEPT)
def test_what_is_kept_and_what_it_no_longer_says(
    data: bytes, name: str, content_type: str, kind: str, after: str
) -> None:
    kept = media.examine(data, name)
    assert (kept.content_type, kept.kind, kept.name) == (content_type, kind, after)
    assert files.SECRET not in kept.data
    assert (kept.data == data) == (content_type in AS_THEY_CAME)
    again = media.examine(kept.data, name)
    assert again.content_type == content_type


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_photo_is_upright_and_says_nothing_else(orientation: int) -> None:
    kept = media.examine(files.jpeg(orientation=orientation), "a.jpg")
    with Image.open(BytesIO(kept.data)) as image:
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert image.size == (kept.width, kept.height) == ((40, 60) if orientation >= 5 else (60, 40))
        near = {1: (5, 20), 2: (55, 20), 3: (55, 20), 4: (5, 20), 5: (20, 5), 6: (20, 5), 7: (20, 55), 8: (20, 55)}
        red, _, blue = image.convert("RGB").getpixel(near[orientation])  # type: ignore[misc]
        assert blue > 200 > 100 > red
    assert b"script" not in kept.data


REFUSED = [
    (b"", "a.jpg", media.EMPTY),
    (files.jpeg()[:400], "a.jpg", media.CUT_OFF),
    (files.png()[:60], "a.png", media.CUT_OFF),
    (files.film()[:-60], "a.mp4", media.CUT_OFF),
    (files.wav()[:40], "a.wav", media.CUT_OFF),
    (files.ogg()[:50], "a.ogg", media.CUT_OFF),
    (files.ogg(b"\x80theora"), "a.ogv", media.CUT_OFF),
    (files.gif(frames=301, width=20, height=20), "a.gif", media.TOO_MANY_FRAMES),
    (files.gif(frames=40, width=1600, height=1000), "bomb.gif", media.TOO_MANY_FRAMES),
    (files.PROGRAM, "holiday.jpg", media.PROGRAM),
    (b"\x7fELF" + bytes(200), "a.png", media.PROGRAM),
    (b"#!/bin/sh\nrm -rf /", "a.txt", media.PROGRAM),
    (b"start", "a.bat", media.PROGRAM),
    (b"<!DOCTYPE html><script>alert(1)</script>", "a.txt", media.WEB_PAGE),
    (b"\xef\xbb\xbf  <svg onload='x'/>", "a.svg", media.WEB_PAGE),
    ("<html>".encode("utf-16"), "a.txt", media.WEB_PAGE),
    (b"plain", "a.html", media.WEB_PAGE),
    (files.packed(a_jpg=files.jpeg()), "a.zip", media.ARCHIVE),
    (b"GIF garbage" + files.packed(a_jpg=b"x"), "a.gif", media.NOT_TAKEN),
    (b"Rar!\x1a\x07\x00" + bytes(40), "a.rar", media.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c" + bytes(40), "a.pdf", media.ARCHIVE),
    (b"PK\x03\x04" + bytes(40), "a.docx", media.CUT_OFF),
    (files.docx(word__vbaProject_bin=b"x"), "a.docm", media.MACROS),
    (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "a.doc", media.OLD_DOCUMENT),
    (bytes(range(256)), "a.jpg", media.NOT_TAKEN),
]


@pytest.mark.parametrize(("data", "name", "sentence"), REFUSED)
def test_what_is_refused_and_in_which_words(data: bytes, name: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        media.examine(data, name)
    assert caught.value.message == caught.value.fields["file"] == sentence


def test_the_bound_is_on_bytes_and_on_dots() -> None:
    with pytest.raises(TooLarge) as caught:
        media.examine(bytes(10_000_001), "a.jpg")
    assert caught.value.message == media.TOO_LARGE
    out = BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(BadInput, match="too large to open"):
        media.examine(out.getvalue(), "bomb.png")
    passes = files.jpeg()[:-60] + b"\xff\xda" * 100
    with pytest.raises(BadInput, match="damaged"):
        media.examine(passes, "slow.jpg")


def test_a_scan_in_many_greys_keeps_them() -> None:
    out = BytesIO()
    Image.new("I;16", (10, 10), 32768).save(out, "PNG")
    with Image.open(BytesIO(media.examine(out.getvalue(), "scan.png").data)) as image:
        assert image.getpixel((5, 5)) == (128, 128, 128)


def test_a_huge_photo_is_kept_smaller() -> None:
    kept = media.examine(files.jpeg(width=9000, height=6000), "a.jpg")
    assert (kept.width, kept.height) == (4096, 2731)
    small = pictures.thumbnail(kept.data, 320)
    assert small is not None
    with Image.open(BytesIO(small)) as image:
        assert max(image.size) == 320


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\boot.ini", "boot.pdf"),
        ("C:\\Users\\Ana\\bill.pdf", "bill.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.pdf"),
        ("bill.pdf.exe", "bill.pdf"),
        ("a\x00b\nc.pdf", "abc.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("..", ""),
        ("", ""),
        ("/", ""),
        ('<b>"x"|?*.pdf', "b x.pdf"),
        ("ফাইল ১.pdf", "ফাইল ১.pdf"),
        ("ç" * 300, "ç" * 80 + ".pdf"),
        ("2026.03.pdf", "2026.03.pdf"),
        ("CON", "CON.pdf"),
    ],
)
def test_names_are_safe_to_show_and_to_save_under(name: str, after: str) -> None:
    assert media.clean_name(name, "application/pdf") == after


_starts = st.sampled_from([data for data, *_ in KEPT] + [data for data, *_ in REFUSED])


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        _starts,
        st.builds(
            lambda data, at, more: data[: at % (len(data) or 1)] + more + data[at % (len(data) or 1) + len(more) :],
            _starts,
            st.integers(0, 3000),
            st.binary(max_size=12),
        ),
    ),
    name=st.text(max_size=30),
    claimed=st.none() | st.text(max_size=20),
)
def test_anything_at_all_is_kept_or_refused_in_words(data: bytes, name: str, claimed: str | None) -> None:
    try:
        kept = media.examine(data, name, claimed)
    except BadInput as error:
        refused = error.fields["file"]
        assert refused == error.message != ""  # noqa: PT017  (either outcome is right; the words must be there)
        return
    assert kept.content_type in media.EXTENSIONS
    assert kept.data
    assert "/" not in kept.name
    assert "\\" not in kept.name
    assert not kept.name.startswith(".")

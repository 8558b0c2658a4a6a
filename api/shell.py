"""What a kiosk keeps to start without a network: its pages in every language, sheets, scripts; manifest and icons."""

import base64
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from fastapi import Request

from api.pages import CONTENT_SECURITY_POLICY, base_context, environment, static
from api.words import options_of
from core import sealing
from core.i18n import translator
from core.settings import settings
from domain.catalogue import name_of
from domain.office import Office
from surveys.asking import words_of
from surveys.flow import Kind, Question, store

HEADERS = {"Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; manifest-src 'self'; worker-src 'self'"}
"""The policy of all pages, and besides what makes a page an app."""
ICON_SIZES = ("192", "512")
SHEETS = ("ombud.css", "kiosk.css")
SCRIPTS = ("kiosk.js", "kiosk-store.js", "kiosk-setup.js", "kiosk-worker.js")
_ACCENT = "#0b5c63"


def path(office: Office) -> str:
    """The one address of an office's kiosk."""
    return f"/exit/{office.code}"


def named(office: Office, lang: str) -> dict[str, str]:
    """Code and name of an office, as templates take it."""
    return {"code": office.code, "name": name_of(office, lang)}


def base64url(raw: bytes) -> str:
    """Without padding, as JSON Web Keys have it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def context(office: Office, lang: str, door: Sequence[Question]) -> dict[str, object]:
    """What the templates of the kiosk take besides their step: see citizen/exit.html. `door` is what is asked there."""
    opener = sealing.current()
    return {
        "office": named(office, lang),
        "home": path(office),
        "idle": settings().kiosk_idle_seconds,
        "key": {"id": opener.id, "public": base64url(opener.public)},
        "version": scripts_version(),
        "asked": [asked(one, lang) for one in door if one.kind in (Kind.choice, Kind.yes_no)],
    }


def asked(question: Question, lang: str) -> dict[str, object]:
    """A question after the face, as pages and the tablet's program take it."""
    return {
        "code": question.code,
        "kind": question.kind.value,
        "words": words_of(question, lang),
        "options": options_of(question, lang),
        "when": store([question])[0]["when"],
    }


@lru_cache(maxsize=1)
def scripts_version() -> str:
    """What staff see as the version of a tablet's program."""
    return hashlib.sha256("".join(static(name) for name in SHEETS + SCRIPTS).encode()).hexdigest()[:8]


def worker(request: Request, office: Office, door: Sequence[Question]) -> str:
    """The text of the service worker: two imports and what it keeps.

    The pages are drawn to count their bytes, so a changed word, question, key or name makes a new version of the
    worker, and the tablet fetches all of it again.
    """
    home, languages = path(office), settings().languages
    drawn = hashlib.sha256()
    for lang in languages:
        common = {**base_context(request), "lang": lang, "lang_asked": True, "path": home}
        drawn.update(_draw("citizen/exit.html", {**common, **context(office, lang, door), **EMPTY}))
    drawn.update(_draw("staff/kiosk_setup.html", {**base_context(request), **context(office, "en", door), "path": ""}))
    files = [static(name) for name in (*SHEETS, *SCRIPTS, "mark.svg")] + ["/static/accent.css"]
    kept = {
        "home": home,
        "version": drawn.hexdigest()[:12],
        "languages": languages,
        "files": [*files, f"{home}/app.webmanifest", *(f"{home}/icon-{size}.png" for size in ICON_SIZES)],
    }
    return (
        f"import * as store from {json.dumps(static('kiosk-store.js'))};\n"
        f"import {{ start }} from {json.dumps(static('kiosk-worker.js'))};\n"
        f"start({json.dumps(kept)}, store);\n"
    )


EMPTY: Mapping[str, object] = {
    "step": "rate",
    "visit": "",
    "rating": 0,
    "questions": [],
    "values": {"words": "", "phone": ""},
    "errors": {},
}


def _draw(template: str, values: Mapping[str, object]) -> bytes:
    return environment().get_template(template).render(dict(values)).encode()


def manifest(office: Office, lang: str) -> dict[str, object]:
    """The web app manifest (W3C): one app per office, without a browser's bars, at home at its own address only."""
    name = translator(lang).gettext("How was your visit today?")
    accent = settings().accent or _ACCENT
    drawn = [
        {"src": f"{path(office)}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]
    return {
        "id": path(office),
        "name": f"{name_of(office, lang)}: {name}",
        "short_name": office.code,
        "lang": lang,
        "start_url": path(office),
        "scope": path(office),
        "display": "fullscreen",
        "display_override": ["fullscreen", "standalone"],
        "orientation": "any",
        "background_color": "#faf9f6",
        "theme_color": accent,
        "icons": [*drawn, {"src": static("mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }


@lru_cache(maxsize=4)
def icon(size: int) -> bytes:
    """The mark in white on the accent colour, inside the circle that launchers cut out. Drawn large, then scaled down
    for smooth edges."""
    from PIL import Image, ImageDraw  # only the few tablets that install the app ask for this

    large = size * 4
    image = Image.new("RGB", (large, large), settings().accent or _ACCENT)
    pen = ImageDraw.Draw(image)
    middle, radius, stroke = large // 2, large * 9 // 36, large // 15
    box = (middle - radius, middle - radius, middle + radius, middle + radius)
    pen.arc(box, 0, 326, fill="white", width=stroke)
    dot = large // 13
    pen.ellipse((middle - dot, middle - dot, middle + dot, middle + dot), fill="white")
    written = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()

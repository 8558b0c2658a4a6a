"""A tablet without a screen: what it seals and sends, and the staff who pair it."""

import base64
import json
from datetime import UTC, datetime

import httpx
from sqlmodel import col, select

from core import sealing
from core.ids import new_id
from domain.kiosk import KioskDevice
from domain.survey import Answer
from tests.api.site import Web

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CLOCK = NOW.timestamp() * 1000
PATH = "/exit/CIV1/answers"


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sealed(rating: object = 5, *, name: str = "", office: str = "CIV1", **more: object) -> dict[str, str]:
    """One entry of a batch, as a tablet makes it."""
    name = name or str(new_id())
    opener = sealing.current()
    words = json.dumps({"rating": rating, "at": CLOCK - 60_000, "language": "en", **more}).encode()
    return {
        "id": name,
        "key": opener.id,
        "sealed": encode(sealing.seal(words, f"{office}|{name}".encode(), opener.public)),
    }


def send(web: Web, *answers: object, token: str = "", path: str = PATH, **more: object) -> httpx.Response:
    body = {"now": datetime.now(UTC).timestamp() * 1000, "waiting": len(answers), "version": "v1", "answers": answers}
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return web.call("POST", path, content=json.dumps(body | more).encode(), headers=headers)


def states(response: httpx.Response) -> list[tuple[str, str]]:
    return [(one["state"], one["why"]) for one in response.json()["results"]]


def code(web: Web, who: str = "head1", office: str = "WAT1", **more: str) -> str:
    """A pairing code from the staff's page."""
    page = web.post("/staff/kiosks", who, office=office, name="Main door", hand="left", **more)
    assert page.status_code == 200, page.text[:500]
    return shown_code(page)


def shown_code(page: httpx.Response) -> str:
    return page.text.partition('<span class="number" dir="ltr">')[2][:9]


def pair(web: Web, typed: str, office: str = "WAT1") -> httpx.Response:
    body = json.dumps({"code": typed, "version": "v1"}).encode()
    return web.call("POST", f"/exit/{office}/pair", content=body, headers={"Accept": "application/json"})


def ratings(web: Web) -> list[Answer]:
    with web.database.read() as session:
        return list(session.exec(select(Answer).where(col(Answer.question) == "rating")))


def devices(web: Web) -> list[KioskDevice]:
    with web.database.read() as session:
        return list(session.exec(select(KioskDevice)))

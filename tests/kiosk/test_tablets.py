"""Tablets: paired by a code, revoked, vouched for again; who may; what makes the page an app; the doctor."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from cli import checkup
from core.settings import settings
from domain.kiosk import KioskDevice
from tests.api.site import Web
from tests.kiosk.tablet import code, devices, pair, ratings, sealed, send, shown_code, states


def test_pairing_revoking_and_vouching_again(web: Web) -> None:
    typed = code(web)
    wrong = pair(web, "AAAA-AAAA")
    assert (wrong.status_code, "page Tablets" in wrong.json()["mend"]) == (422, True)
    other = pair(web, typed, "CIV1")
    assert "/exit/WAT1" in other.json()["mend"], "told where the code belongs, and it is still good"
    made = pair(web, typed.lower().replace("-", " "))
    assert (made.status_code, made.json()["device"]) == (200, {"name": "Main door", "hand": "left"})
    assert pair(web, typed).status_code == 422, "good once"
    token, path = made.json()["token"], "/exit/WAT1/answers"
    entry = sealed(4, office="WAT1")
    assert send(web, token=token, path=path, waiting=7, hand="right").json()["device"]["hand"] == "right"
    assert devices(web)[0].waiting == 7
    assert states(send(web, entry, token=token, path=path, waiting=7)) == [("stored", "")]
    assert (devices(web)[0].waiting, devices(web)[0].version) == (6, "v1")
    web.work()
    assert [one.kiosk_device_id for one in ratings(web)] == [devices(web)[0].id]
    stolen = UUID(str(devices(web)[0].id))
    assert web.post(f"/staff/kiosks/{stolen}/revoke", "head1").status_code == 303
    late = sealed(1, office="WAT1")
    assert send(web, late, token=token, path=path).json() | {"key": None} == {
        "results": [], "device": {"gone": True}, "key": None,
    }  # fmt: skip
    assert send(web, late, token=token, path="/exit/CIV1/answers").json()["device"] == {"gone": True}
    again = shown_code(web.post(f"/staff/kiosks/{stolen}/code", "head1"))
    fresh = pair(web, again).json()["token"]
    assert send(web, late, token=token, path=path).json()["device"] == {"gone": True}, "the old token stays shut out"
    assert states(send(web, late, token=fresh, path=path)) == [("stored", "")]
    web.call("POST", "/exit/WAT1/unpair", content=b"{}", headers={"Authorization": f"Bearer {fresh}"})
    assert send(web, late, token=fresh, path=path).json()["device"] == {"gone": True}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_codes_grow_old_and_cannot_be_guessed(web: Web) -> None:
    typed = code(web)
    with web.database.write() as session:
        device = session.exec(select(KioskDevice)).one()
        device.code_expires_at = datetime.now(UTC) - timedelta(seconds=1)
        session.add(device)
    assert pair(web, typed).status_code == 422
    assert [pair(web, "AAAA-AAAA").status_code for _ in range(10)] == [422] * 9 + [429]


WHO = (
    ("head1", "WAT1", 200),
    ("head_water", "WAT2", 200),  # below hers
    ("head1", "WAT2", 403),
    ("officer1", "WAT1", 403),
    ("minister", "WAT1", 403),
    ("head1", "NOPE", 422),
)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_who_sets_up_tablets_where(web: Web) -> None:
    for who, office, status in WHO:
        before = len(devices(web))
        assert web.post("/staff/kiosks", who, office=office, name="Door", hand="right").status_code == status, who
        assert len(devices(web)) - before == (status == 200)
        shown = web.get("/staff/kiosks", who)
        assert shown.status_code == (403 if who in ("officer1", "minister") else 200)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_tablet_of_another_office_is_not_there(web: Web) -> None:
    code(web, "head1", "WAT1")
    (device,) = devices(web)
    for action in ("revoke", "code", "hand"):
        assert web.post(f"/staff/kiosks/{device.id}/{action}", "head_water").status_code in (200, 303)
        assert (
            web.call("POST", f"/staff/kiosks/{device.id}/{action}", "officer2", data={"csrf": "x"}).status_code == 403
        )
        assert web.post(f"/staff/kiosks/{device.id}/{action}", "clerk").status_code == 404
    assert "Main door" in web.get("/staff/kiosks", "head1").text


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_makes_it_an_app(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = web.get("/exit/CIV1/app.webmanifest").json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/exit/CIV1", "/exit/CIV1", "fullscreen")
    for icon in manifest["icons"]:
        shown = web.get(icon["src"])
        assert (shown.status_code, shown.headers["content-type"].split(";")[0]) == (200, icon["type"])
    worker = web.get("/exit/civ1/worker.js")
    assert worker.headers["service-worker-allowed"] == "/exit/CIV1"
    assert worker.text == web.get("/exit/CIV1/worker.js").text, "a version that changes by itself never comes to rest"
    with monkeypatch.context() as changed:
        changed.setenv("OMBUD_ENCRYPTION_KEYS", f"new:{base64.b64encode(bytes(32)).decode()}")
        settings.cache_clear()
        assert web.get("/exit/CIV1/worker.js").text != worker.text, "tablets learn of a new key"
    settings.cache_clear()
    kept = json.loads(worker.text.partition("start(")[2].rpartition(", store);")[0])
    for address in kept["files"]:
        assert web.get(address).status_code == 200, address
    shell = web.get("/exit/CIV1?lang=sq&shell=1")
    assert 'name="visit" value=""' in shell.text
    assert "manifest-src 'self'" in shell.headers["content-security-policy"]
    assert web.get("/exit/NOPE/worker.js").status_code == 404


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_doctor_looks_at_the_tablets(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> checkup.Finding:
        return checkup._kiosks(settings())

    typed = code(web)
    assert found().state == "off"
    pair(web, typed)
    assert found().state == "good"
    with web.database.write() as session:
        device = session.exec(select(KioskDevice)).one()
        device.seen_at, device.waiting = datetime.now(UTC) - timedelta(days=4), 600
        session.add(device)
    assert (found().state, "Main door (600)" in found().seen, "for 3 days: Main door" in found().seen) == (
        "bad",
        True,
        True,
    )
    monkeypatch.setenv("OMBUD_PUBLIC_URL", "http://voice.example.org")
    settings.cache_clear()
    assert "https" in found().mend

"""Sealed answers from tablets: opened, counted once, whatever is sent, whenever, however often."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from channels import kiosk
from core import sealing
from core.errors import BadInput, NotFound, OmbudError, Tampered
from core.ids import new_id
from core.settings import settings
from tests.api.site import Web
from tests.kiosk.tablet import CLOCK, NOW, PATH, code, encode, pair, ratings, sealed, send, states

VECTOR = (
    # made by Web Crypto in Chromium with the key of `OPENER`, about "CIV1|0192d5a0-0000-7000-8000-000000000001"
    "AQRVy-hjFBZuCaj0_4wJdK24JQLbnxiNuZfNdPEGp88Z9zmRdvNRJFKbK86sIDMWn9BL2kfCNVj33IX7Sju-v4ZPlKY2-3Yl1bj_"
    "Zd1M4G7aVaYPs_4U7e_ZQoNpa-vWQkwjJZZYyhnjzntx_Ym8xv3qd4t9aRG5mBry_vStntQFA7tJvlSBkEJ9Z1al10RQFzBr7PkT"
    "qHFXTDKYqTSYPs3YqjzAxYIWS2bSxIfoHvMkyK9HaYv6YKoAWGGLr95_5tas92taveOhNI8xRMLECcRZCI0Fqw-9gdmAJJDL68Yo"
    "gTE8cphSPZXBa6XJgfMqwRuxCADKnfx2l2XopQgsHXajhPHyivuPQXGFUv3a0gMNyssFpHKe1xlRu5XQSdTQQxrIcX7ITROLXSS3"
    "J0xJnObBJFp4OkAoxS2EG7vQ_KeXFwGzJrIVd5wdt4ljO9fCREzRwol3-3gKf95noGZk2hplx7BWgBBFt6TXddE"
)
ALLOWED = {"reason": frozenset({"wait", "money"}), "money": frozenset({"0", "1"})}
OPENER = sealing.opener_of(bytes(range(32)))
ABOUT = b"CIV1|0192d5a0-0000-7000-8000-000000000001"


def test_what_a_browser_sealed_opens() -> None:
    raw = base64.urlsafe_b64decode(VECTOR + "=" * (-len(VECTOR) % 4))
    assert OPENER.id == "16ad32ecb807f1ab", "another derivation would shut out every tablet's queue"
    assert json.loads(OPENER.open(raw, ABOUT)) == {"rating": 2, "words": "Шумно বাংলা"}


def test_nothing_changed_or_moved_opens() -> None:
    whole = sealing.seal(b"{}", ABOUT, OPENER.public)
    assert OPENER.open(whole, ABOUT) == b"{}"
    for position in range(0, len(whole), 7):
        changed = bytearray(whole)
        changed[position] ^= 1
        with pytest.raises(Tampered):
            OPENER.open(bytes(changed), ABOUT)
    infinity = b"\x01" + bytes(65) + whole[66:]
    for cut in (b"", whole[:1], whole[:-1], whole[:90], infinity):
        with pytest.raises(Tampered):
            OPENER.open(cut, ABOUT)
    with pytest.raises(Tampered):
        OPENER.open(whole, ABOUT.replace(b"CIV1", b"CIV2"))
    with pytest.raises(Tampered):
        sealing.opener_of(bytes(32)).open(whole, ABOUT)


def test_the_order_of_the_curve_is_the_curves() -> None:
    last = ec.derive_private_key(sealing._ORDER - 1, ec.SECP256R1()).public_key().public_numbers()
    first = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
    assert last.x == first.x, "(n - 1)G is -G"


def test_a_rotated_key_opens_until_it_leaves_the_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    def ring(*names: str) -> str:
        keys = {"old": bytes(32), "new": bytes(range(32))}
        return ",".join(f"{name}:{base64.b64encode(keys[name]).decode()}" for name in names)

    def use(*names: str) -> None:
        monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", ring(*names))
        settings.cache_clear()

    use("old")
    before = sealed(4)
    use("new", "old")
    assert sealing.current().id != before["key"]
    about = f"CIV1|{before['id']}"
    assert json.loads(sealing.unseal(before["sealed"], before["key"], about))["rating"] == 4
    use("new")
    with pytest.raises(NotFound, match="OMBUD_ENCRYPTION_KEYS"):
        sealing.unseal(before["sealed"], before["key"], about)


@pytest.mark.parametrize(
    ("at", "clock", "waited"),
    [
        (CLOCK - 90_000, CLOCK, 90),
        (5_000, 65_000, 60),  # a tablet that thinks it is 1970, steadily
        (CLOCK + 10**9 * 3600, CLOCK + 10**9 * 3600 + 1000, 1),  # or 2140
        (CLOCK, CLOCK, 0),
        (CLOCK + 5_000, CLOCK, None),  # put back meanwhile
        (0, CLOCK, None),  # put right meanwhile
        (None, CLOCK, None),
        (CLOCK, None, None),
        (float("nan"), CLOCK, None),
        (True, CLOCK, None),
        (10**400, CLOCK, None),
    ],
)
def test_a_wrong_clock_is_put_right_by_how_long_it_waited(at: Any, clock: Any, waited: int | None) -> None:
    found = kiosk.tapped_at(kiosk.milliseconds(at), kiosk.milliseconds(clock), NOW)
    assert found == (None if waited is None else NOW - timedelta(seconds=waited))


def opened(**given: object) -> Any:
    entry = sealed(**given)  # type: ignore[arg-type]
    (item,) = kiosk.parse_batch(json.dumps({"answers": [entry]}).encode()).answers
    return kiosk.open_sealed(item, office="CIV1", region="AL", allowed=ALLOWED, clock=CLOCK, now=NOW)


def test_what_cannot_be_read_is_left_out_and_the_rating_counts() -> None:
    whole = opened(rating=2, reason="wait", words="Two hours", phone="069 000 0101")
    assert (whole.text, whole.sender, whole.sent_at) == ("Two hours", "+355690000101", NOW - timedelta(minutes=1))
    assert whole.details["visit"] == whole.provider_id
    broken = opened(rating=2, reason="dragons", words="x" * 5000, phone="12", language="../..", service=["?"])
    assert (broken.text, broken.sender, broken.language) == ("x" * 1000, "", None)
    assert {"office", "rating", "visit"} == set(broken.details)
    tapped = opened(rating=2, answers={"reason": "money", "money": 1, "dragons": "here", "asked": None, "wait": []})
    assert tapped.details["answers"] == {"reason": "money", "money": "1"}
    for odd in (["reason"], "wait", {"reason": ["wait"]}, {"money": "2"}):
        assert "answers" not in opened(rating=2, answers=odd).details
    hopeless: tuple[object, ...] = ("", None, 0, 6, "good", [])
    for rating in hopeless:
        with pytest.raises(BadInput):
            opened(rating=rating, words="x" * 5000)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "key", "sealed", "more"), ANYTHING))
BATCH = st.fixed_dictionaries(
    {"answers": st.lists(ENTRY | ANYTHING, max_size=4)},
    optional=dict.fromkeys(("now", "waiting", "version", "hand", "more"), ANYTHING),
)


@given(
    st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()) | BATCH.map(lambda v: json.dumps(v).encode())
)
def test_no_body_breaks_the_batch(body: bytes) -> None:
    try:
        batch = kiosk.parse_batch(body)
    except BadInput:
        return
    json.dumps([batch.unreadable, batch.version], ensure_ascii=False).encode()
    assert 0 <= batch.waiting <= 10**6


@given(st.dictionaries(st.sampled_from([*kiosk.ExitSurvey.model_fields, "at", "visit", "answers"]), ANYTHING))
def test_no_sealed_content_breaks_the_parser(content: dict[str, Any]) -> None:
    name = "0192d5a0-0000-7000-8000-000000000001"
    raw = sealing.seal(json.dumps(content).encode(), ABOUT, sealing.current().public)
    item = kiosk.Sealed(name, sealing.current().id, encode(raw))
    try:
        made = kiosk.open_sealed(item, office="CIV1", region="AL", allowed=ALLOWED, clock=CLOCK, now=NOW)
    except OmbudError:
        return
    assert made.provider_id == name
    assert made.details["rating"] in range(1, 6)


def test_every_answer_counts_once_and_faults_harm_no_other(web: Web) -> None:
    good = [sealed(rating) for rating in (5, 4, 1)]
    moved = {**sealed(3), "id": str(new_id())}
    elsewhere = sealed(3, office="WAT1")
    stranger = {**sealed(3), "key": "0" * 16}
    mixed = [*good, moved, elsewhere, stranger, {"id": "no uuid", "key": "k", "sealed": "s"}, {"id": "\ud800"}, None, 7]
    for _ in range(3):  # the reply was lost twice
        answer = send(web, *mixed)
        assert answer.status_code == 200
        told = {one["id"]: (one["state"], one["why"]) for one in answer.json()["results"]}
        assert [told[one["id"]] for one in good] == [("stored", "")] * 3
        assert told[moved["id"]] == told[elsewhere["id"]] == told["no uuid"] == ("bad", "")
        assert told[stranger["id"]] == ("later", "key")
    web.work()
    assert sorted(one.value or 0 for one in ratings(web)) == [1, 4, 5]
    assert len(web.inbox()) == 3
    assert {one.kiosk_device_id for one in ratings(web)} == {None}


def test_words_with_a_number_open_a_case_and_give_its_reference_at_once(web: Web) -> None:
    entry = sealed(1, reason="wait", words="I waited four hours", phone="069 111 2233")
    told = send(web, entry).json()["results"]
    again = send(web, entry).json()["results"]
    assert told[0]["reference"] == again[0]["reference"] == web.case().reference
    web.work()
    assert any(web.case().reference in text for text in web.texts("+355691112233"))
    assert not any("1112233" in json.dumps(one.details) or "111 2233" in json.dumps(one.details) for one in web.inbox())


def test_the_rest_of_an_answer_that_was_sent_early_is_put_to_it(web: Web) -> None:
    name = str(new_id())
    assert states(send(web, sealed(1, name=name))) == [("stored", "")]
    rest = sealed(1, name=f"{name}/why", reason="wait", words="Nobody was there")
    assert states(send(web, rest)) == [("stored", "")]
    send(web, sealed(1, name=name), rest)
    web.work()
    assert [one.value for one in ratings(web)] == [1]
    assert web.case().text == "Nobody was there"


def test_ten_megabytes_too_many_and_nonsense_are_refused_in_words(web: Web) -> None:
    entry = sealed()
    assert send(web, *[entry] * 101).status_code == 413
    assert states(send(web, {**entry, "sealed": "x" * 30_000})) == [("bad", "")]
    json_only = {"Accept": "application/json"}
    big = web.call("POST", PATH, content=b'{"answers": ["' + b"x" * 10_000_000 + b'"]}', headers=json_only)
    assert (big.status_code, big.headers["content-type"]) == (413, "application/problem+json")
    for body in (b"", b"{", b"[]", b'{"answers": {}}', b"\xff", b"[" * 100_000):
        refused = web.call("POST", PATH, content=body, headers=json_only)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), body[:20]
    assert web.inbox() == []


def test_an_unpaired_browser_is_slowed_down_answer_by_answer(web: Web) -> None:
    crowd = [states(send(web, *[sealed() for _ in range(60)])) for _ in range(5)]
    flat = [state for batch in crowd for state in batch]
    assert flat == [("stored", "")] * 240 + [("later", "busy")] * 60
    paired = pair(web, code(web, "head1", "WAT1")).json()["token"]
    some = [sealed(office="WAT1") for _ in range(60)]
    assert set(states(send(web, *some, token=paired, path="/exit/WAT1/answers"))) == {("stored", "")}

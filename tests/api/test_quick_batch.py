"""Batches that are read in one go: to the very values the models make of them, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from api.quick_batch import read
from api.rest_transactions import OneOrMany, TransactionBatch
from surveys.checking import TransactionIn

LINE = {"external_id": "A-1", "office": "CIV1", "service": "passport", "completed_at": "2026-03-02T09:30:00+01:00"}
MODELS = TypeAdapter(OneOrMany)
CHECKED_LATER = {"string_pattern_mismatch", "value_error"}
"""What only the check of codes and times refuses of a batch that was read quickly: blank ids, years out of bounds."""


def body(**changes: object) -> bytes:
    return json.dumps({"transactions": [LINE | changes]}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"completed_at": "2026-03-02T08:30:00Z"},
        {"completed_at": "2026-03-02T08:30:00.123456-11:30"},
        {"external_id": "një 😀", "operator": "Arta\tß", "phone": "+355 69", "email": "a@b.example", "language": "sq"},
        {"phone": None, "email": None, "operator": None, "language": None, "expires_on": None},
        {"expires_on": "2036-02-29"},
    ],
)
def test_what_agencies_send_is_read_quickly(changes: dict[str, object]) -> None:
    quick = read(body(**changes))
    slow = MODELS.validate_json(body(**changes))
    assert quick is not None
    assert isinstance(slow, TransactionBatch)
    assert quick.transactions == [TransactionIn(**one) for one in slow.transactions]


@pytest.mark.parametrize(
    "sent",
    [
        json.dumps(LINE).encode(),
        b'{"transactions": []}',
        b'{"transactions": {}}',
        b'{"transactions": [[]]}',
        body()[:-1],
        body() + b"x",
        b"\xef\xbb\xbf" + body(),
        body().decode().encode("utf-16"),
        body().replace(b"A-1", b"\xff"),
        body(external_id="\ud800"),
        body(external_id=""),
        body(external_id=7),
        body(external_id="x" * 201),
        body(typo=1),
        body(office=None),
        body(expires_on="2036-02-30"),
        body(completed_at=1772440200),
        body(completed_at="2026-03-02T09:30:00"),
        # the models cut such fractions off, which would be rounded here
        body(completed_at="2026-03-02T09:30:00.9999999Z"),
        body(completed_at="2026-03-02T09:30:00.9999999Z").replace(b".99", b"\\u002E99"),
        body(completed_at="2026-03-02T09:30:00.9999999Z").replace(b"99Z", b"\\u0039\\u0039Z"),
    ],
)
def test_all_else_is_left_to_the_models(sent: bytes) -> None:
    assert read(sent) is None


MOMENTS = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.from_regex(
        r"(19|20)\d\d-[01]\d-[0-3]\d[Tt _][0-2]\d:[0-5]\d(:[0-6]\d([.,]\d{0,9})?)?([Zz]|[+-]\d\d:?\d\d)?",
        fullmatch=True,
    ),
)
DAYS = st.none() | st.dates().map(str) | st.from_regex(r"20\d\d-\d?\d-\d\d(T00:00:00)?", fullmatch=True)
TEXT, TEXTS = st.text(min_size=1, max_size=4), st.text(max_size=4) | st.none()
LINES = st.fixed_dictionaries(
    {"external_id": TEXT, "office": TEXT, "service": TEXT, "completed_at": MOMENTS},
    optional={"phone": TEXTS, "email": TEXTS, "language": TEXTS, "operator": TEXTS, "expires_on": DAYS},
)
SPOILT = st.none() | st.tuples(st.integers(0, 400), st.binary(max_size=2))


@given(lines=st.lists(LINES, max_size=2), ascii_only=st.booleans(), spoilt=SPOILT)
def test_whatever_is_read_quickly_is_what_the_models_read(
    lines: list[dict[str, object]], ascii_only: bool, spoilt: tuple[int, bytes] | None
) -> None:
    sent = json.dumps({"transactions": lines}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if spoilt:
        place, put = spoilt
        sent = sent[:place] + put + sent[place + 1 :]
    quick = read(sent)
    if quick is None:
        return
    try:
        slow = MODELS.validate_python(json.loads(sent))
    except ValidationError as refused:
        wrong = {one["type"] for one in refused.errors()}
    else:
        wrong = set()
        assert isinstance(slow, TransactionBatch)
        assert quick.transactions == [TransactionIn(**one) for one in slow.transactions]
    assert wrong <= CHECKED_LATER

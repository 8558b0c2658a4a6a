"""Mails under somebody else's name: a matter like any other, but no order and no word of the one they name."""

import pytest
from sqlmodel import col, select

from domain.case import Case
from tests.builders import government
from tests.cases.post import ANA, PostTown
from tests.conftest import Installation


@pytest.fixture
def post(installation: Installation) -> PostTown:
    with installation.database.write() as session:
        known = government(session)
    return PostTown(installation.database, known)


SAID_SO = "mx.velmora.example; spf=fail (sender IP is 203.0.113.9) smtp.mailfrom=mail.example; dkim=none; dmarc={}"
DOUBTS: list[tuple[dict[str, str], bool]] = [
    ({"Authentication-Results": SAID_SO.format("fail action=none header.from=mail.example")}, True),
    ({"Authentication-Results": SAID_SO.format("FAIL")}, True),
    ({"Authentication-Results": "spf=fail smtp.mailfrom=mail.example; dkim=none (no signature; dkim=pass)"}, True),
    ({"Authentication-Results": 'mx; spf=fail smtp.mailfrom="; dkim=pass"@mail.example'}, True),
    ({"Authentication-Results": SAID_SO.format("pass")}, False),
    ({"Authentication-Results": "mx; spf=fail; dkim=pass header.d=mail.example"}, False),  # forwarded
    ({"Authentication-Results": "mx; spf=softfail; dkim=none"}, False),
    ({"Authentication-Results": "mx; none"}, False),
    ({"From ": "", "Reply-To": ANA}, True),
]


@pytest.mark.parametrize("headers", [headers for headers, doubted in DOUBTS if doubted])
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_mail_its_sender_may_not_have_written_is_a_matter_and_no_word_of_theirs(
    post: PostTown, headers: dict[str, str]
) -> None:
    """A stranger who writes under Ana's address neither stops her messages, nor starts them, nor speaks in her case."""
    post.writes("No water in Lumas")
    case, mine = post.case(), post.sent[-1]
    given = {key: value for key, value in headers.items() if key.strip() != "From"}
    sender = ANA if len(given) == len(headers) else "noreply@forms.example"
    for text in ("STOP", f"It is mended, {case.reference}"):
        row = post.writes(text, subject="x", sender=sender, answers=mine, headers=given)
        assert (row.outcome, row.case_id != case.id) == ("case", True)
    assert post.contact().opted_out_at is None
    assert "citizen_wrote" not in {str(entry.kind) for entry in post.entries() if entry.case_id == case.id}
    if sender == ANA:  # a person looks first, and Ana is told nothing of what she did not write
        assert len(post.sent) == 1
        with post.database.read() as session:
            others = session.exec(select(Case).where(col(Case.id) != case.id)).all()
        assert {one.state for one in others} == {"triage"}
        assert all("somebody else may have written" in one.routing_reason for one in others)
    post.writes("STOP", answers=mine)
    assert post.contact().opted_out_at is not None
    post.writes("START", subject="x", sender=sender, headers=given)
    assert post.contact().opted_out_at is not None


@pytest.mark.parametrize("headers", [headers for headers, doubted in DOUBTS if not doubted])
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_its_server_does_not_doubt_is_the_senders(post: PostTown, headers: dict[str, str]) -> None:
    post.writes("No water in Lumas")
    lower = headers | {"Authentication-results": "mx.velmora.example; dmarc=fail"}  # below it: anybody's
    assert post.writes("Still none", answers=post.sent[-1], headers=lower).outcome == "continued"
    assert post.writes("STOP", headers=headers).outcome == "opted_out"


@pytest.mark.parametrize("shut", ["confidential", "integrity", "about_office_id"])
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_strangers_mail_tells_no_office_of_a_case_that_is_kept_from_it(post: PostTown, shut: str) -> None:
    post.writes("No water in Lumas")
    with post.database.write() as session:
        case = session.exec(select(Case)).one()
        setattr(case, shut, post.known.office["WAT1"] if shut == "about_office_id" else True)
    post.writes("I got this by mistake", sender="ben@mail.example", answers=post.sent[0])
    assert [entry for entry in post.entries() if case.reference in str(entry.body)] == []

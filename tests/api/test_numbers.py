"""The page of signs: who opens it, what it says, and a verdict that is kept with its words."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlmodel import select

from api.numbers import chance, innocent, titles, told
from core.database import database
from core.i18n import translator
from core.ids import new_id
from domain.flag import FlagKind, SurveyFlag
from tests.api.site import Web
from tests.builders import NOW

sqlite = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

WORDS = "I called ten of them, and none exists."


def flag(web: Web, office: str = "WAT1", kind: FlagKind = FlagKind.repeated) -> str:
    with database().write() as session:
        row = SurveyFlag(
            office_id=web.known.office[office], kind=kind, period=date(2026, 2, 23), found_at=NOW, operator="window 3",
            evidence={"hits": 31, "of": 98, "usual": 0.012, "peers": 13, "chance": 2.4e-5, "most": None},
        )  # fmt: skip
        session.add(row)
        session.flush()
        return str(row.id)


@sqlite
def test_an_auditor_reads_the_evidence_and_writes_a_verdict(web: Web) -> None:
    sign = flag(web)
    page = web.get("/staff/numbers", "auditor").text
    assert "1 sign waits for somebody to look into it." in page
    assert "31 of 98 transactions (32%) were on numbers that came three times or more in that week." in page
    assert "Among 13 operators it is 1%." in page
    assert "Of 40,000 honest ones, about one would look like this by chance." in page
    wrong = web.post(f"/staff/numbers/{sign}", "auditor", before="0", words="Bad")
    assert wrong.status_code == 422
    assert f'href="#words-{sign}"' in wrong.text
    assert ">Bad</textarea>" in wrong.text
    kept = web.post(f"/staff/numbers/{sign}", "auditor", before="0", state="confirmed", words=WORDS)
    assert kept.status_code == 303
    parts = urlsplit(kept.headers["location"])
    page = web.get(f"{parts.path}?{parts.query}", "auditor").text
    assert WORDS in page
    assert "Every sign was looked into." in page
    late = web.post(f"/staff/numbers/{sign}", "integrity", before="0", state="explained", words=WORDS + " Or not.")
    assert late.status_code == 409
    assert "Or not." in late.text  # what was typed is not lost


@sqlite
def test_the_office_reads_it_once_it_is_judged(web: Web) -> None:
    sign = flag(web)
    assert "window 3" not in web.get("/staff/numbers", "head1").text
    assert web.get("/staff/numbers", "officer1").status_code == 403
    assert web.post(f"/staff/numbers/{sign}", "minister", before="0", state="explained", words=WORDS).status_code == 403
    assert web.post("/staff/numbers/nonsense", "auditor", before="x").status_code == 404
    web.post(f"/staff/numbers/{sign}", "integrity", before="0", state="explained", words=WORDS)
    page = web.get("/staff/numbers", "head1").text
    assert WORDS in page
    assert "<textarea" not in page
    assert web.get("/staff/numbers", "reviewer").status_code == 403
    with database().read() as session:
        assert session.exec(select(SurveyFlag.words)).one() == WORDS


@pytest.mark.parametrize("kind", FlagKind)
@pytest.mark.parametrize("operator", ["", "window 3"])
def test_every_kind_is_told_in_words(kind: FlagKind, operator: str) -> None:
    evidence: dict[str, object] = {"hits": 31, "of": 98, "usual": 0.012, "peers": 13, "most": 5}
    row = SurveyFlag(
        office_id=new_id(), kind=kind, period=date(2026, 2, 23), found_at=NOW, operator=operator, evidence=evidence
    )
    sentence = told(row, translator("en"))
    assert sentence.startswith("31 of 98 ")
    assert sentence.endswith(f"Among 13 {'operators' if operator else 'offices'} it is 1%.")
    assert titles(translator("en"))[kind]
    assert innocent(translator("en"))[kind]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.005, "Of 200 honest ones"), (0.04, "Of 20 honest ones"), (1e-5, "Of 100,000 honest"), (0.9, "Of 2 honest"),
        (1e-7, "Of a million honest ones, fewer than one"), (0.0, "fewer than one"), (3e-6, "Of 300,000"),
    ],
)  # fmt: skip
def test_a_chance_is_told_as_a_number_of_offices(value: float, words: str) -> None:
    assert words in chance(value, translator("en"))

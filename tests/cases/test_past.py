"""Cases of an earlier system: what each line becomes, and what an import may never do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from cases import history, kept
from cases.past import bringing, maps
from cases.past.bringing import bring, check
from cases.past.reporting import report, silences
from cases.past.telling import tell
from core.errors import BadInput
from domain.case import Case
from domain.clock import Clock, Notice, Rung
from domain.closing import SolvedQuestion
from domain.crowd import Likeness
from domain.outbox import OutboundMessage
from domain.past import PastCase, PastImport
from domain.states import CaseState, ClockKind, ClockState, EntryKind, IntakeSource, Outcome
from domain.timeline import TimelineEntry
from domain.visibility import Viewer
from escalation import service, sweep
from reports import kpis
from tests.builders import Government, government
from tests.cases.past_world import BECAUSE, HEADING, LINES, mapped, table
from tests.conftest import Installation

NOW = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)
ANSWERED = mapped(by='by = "column"', because=f'because = "{BECAUSE}"')
CLOSING = mapped(by='by = "closing"', because=f'because = "{BECAUSE}"')


@pytest.fixture
def governed(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def come(text: str, raw: bytes = table(), now: datetime = NOW, create: bool = False) -> PastImport:
    checked = check(raw, "old.csv", maps.read(text, "map.toml"), now, create=create)
    assert checked.refused == []
    return bring(checked, "somebody", now)


def cases_of(session: Session) -> dict[str, Case]:
    found = session.exec(select(PastCase.external_id, Case).join(Case, col(Case.id) == col(PastCase.case_id)))
    return dict(found.all())


def told(session: Session, case: Case) -> list[tuple[str, datetime]]:
    quiet = (EntryKind.routed, EntryKind.clock_started)
    return [(str(entry.kind), entry.at) for entry in history.timeline(session, case) if entry.kind not in quiet]


def at(*moment: int) -> datetime:
    """A moment of winter time in Tirana, in UTC."""
    return datetime(*moment, tzinfo=UTC) - timedelta(hours=1)  # type: ignore[arg-type,misc]


def test_each_line_becomes_a_case_with_its_times(installation: Installation, governed: Government) -> None:
    made = come(ANSWERED)
    assert (made.lines, made.taken, made.known, made.refused) == (6, 6, 0, 0)
    with installation.database.read() as session:
        cases = cases_of(session)
        assert {case.source for case in cases.values()} == {IntakeSource.imported}
        assert {name: (str(case.state), case.first_response_at) for name, case in cases.items()} == {
            "1": ("closed", None),
            "2": ("open", None),
            "3": ("open", at(2025, 2, 4, 8)),
            "4": ("closed", None),
            "5": ("closed", None),
            "6": ("open", None),
        }
        assert told(session, cases["3"]) == [
            ("received", at(2025, 2, 3, 11)),
            ("answered", at(2025, 2, 4, 8)),
            ("answer_delivered", at(2025, 2, 4, 8)),
            ("closed", at(2025, 2, 4, 9)),
            ("reopened", at(2025, 2, 6, 12)),
            ("imported", NOW),
        ]
        assert told(session, cases["1"])[1] == ("acknowledged", at(2025, 2, 3, 9, 5))
        # over by its status alone: closed when the file was drawn, and it says so
        closed = next(entry for entry in history.timeline(session, cases["4"]) if entry.kind == EntryKind.closed)
        assert (closed.at, closed.body["undated"]) == (datetime(2026, 3, 29, 9, tzinfo=UTC), True)
        assert cases["4"].text == "Street light"
        assert history.wordless(session, cases["4"])
        assert (cases["5"].outcome, cases["1"].outcome) == (Outcome.withdrawn, None)
        assert cases["1"].location == {"latitude": 41.3, "longitude": 19.8}
        # of an hour the clocks left out the moment is the one an hour later on the wall
        assert cases["6"].received_at == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
        assert cases["6"].office_id == governed.office["WAT2"]
        assert list(history.verify(session)) == []
        assert list(kept.faults(session)) == []


def test_clocks_are_what_the_timeline_comes_to(installation: Installation, governed: Government) -> None:
    come(ANSWERED)
    with installation.database.write() as session:
        cases = cases_of(session)
        found = {
            (name, str(clock.kind)): (str(clock.state), clock.elapsed_seconds)
            for name, case in cases.items()
            for clock in session.exec(select(Clock).where(Clock.case_id == case.id))
        }
        assert found["3", "first_response"] == ("met", 21 * 3600)
        assert found["1", "first_response"] == ("running", None)
        assert found["1", "resolution"] == ("met", 49 * 3600)
        assert found["3", "resolution"] == ("running", None)
        assert found["5", "first_response"] == ("void", None)
        for case in cases.values():
            assert service.restate(session, case, NOW) == []  # a later act finds nothing to mend
            assert case.due_at == min(
                (c.deadline_at for c in history.clocks(session, case) if c.state == ClockState.running), default=None
            )


def test_unless_the_map_says_so_no_silence_ends(installation: Installation, governed: Government) -> None:
    come(mapped())
    with installation.database.read() as session:
        assert session.exec(select(func.count()).where(col(Case.first_response_at).is_not(None))).one() == 0
        kinds = set(session.exec(select(TimelineEntry.kind).distinct()))
        assert not kinds & {EntryKind.answered, EntryKind.answer_delivered}
        silent = kpis.silence(
            session, governed.viewer(session, "minister"), None, since=at(2020, 1, 1), until=NOW, now=NOW
        )
        assert (silent.n, silent.answered, silent.silent_now) == (6, 0, 5)  # the sixth was taken back by its citizen


def test_a_closing_is_an_answer_where_somebody_says_so(installation: Installation, governed: Government) -> None:
    come(CLOSING)
    with installation.database.read() as session:
        cases = cases_of(session)
        assert cases["1"].first_response_at == at(2025, 2, 5, 10)
        assert cases["5"].first_response_at is None  # its citizen took it back: no answer
        answered = next(e for e in history.timeline(session, cases["1"]) if e.kind == EntryKind.answered)
        assert BECAUSE in str(answered.body["because"])


def test_nobody_is_told_and_no_ladder_is_climbed_for_the_past(installation: Installation, governed: Government) -> None:
    come(ANSWERED)
    sweep.sweep(NOW + timedelta(days=400), on_raised=lambda *given: None)
    with installation.database.read() as session:
        for table_ in (OutboundMessage, Notice, Rung, SolvedQuestion, Likeness):
            assert session.exec(select(func.count()).select_from(table_)).one() == 0, table_


def test_what_happens_after_the_import_is_ours(installation: Installation, governed: Government) -> None:
    """A citizen who writes again starts a clock whose ladder is climbed as always."""
    from domain.timeline import append

    come(ANSWERED)
    later = NOW + timedelta(days=1)
    with installation.database.write() as session:
        case = cases_of(session)["3"]
        append(session, case, EntryKind.citizen_wrote, later, actor="citizen", body={"text": "And now?"})
        service.restate(session, case, later)
        session.flush()
        clock = session.exec(select(Clock).where(Clock.case_id == case.id, Clock.kind == ClockKind.reply_due)).one()
        assert len(clock.rungs) == 3
        assert session.exec(select(Rung.clock_id)).all() == [clock.id]


def test_a_second_run_changes_nothing(installation: Installation, governed: Government) -> None:
    come(ANSWERED)

    def rows() -> list[Any]:
        with installation.database.read() as session:
            heads = session.exec(select(Case.reference, Case.timeline_head).order_by(Case.reference)).all()
            return [*heads, session.exec(select(func.count()).select_from(Clock)).one()]

    before = rows()
    again = come(ANSWERED, now=NOW + timedelta(days=3))
    assert (again.taken, again.known, again.differing) == (0, 6, 0)
    changed = table(LINES[0].replace("since Sun", "since Mon"), *LINES[1:])
    checked = check(changed, "old.csv", maps.read(ANSWERED, "map"), NOW, create=False)
    assert checked.differing == ["1"]
    assert "stay as they are" in report(checked, create=False).sentences[-1]
    bring(checked, "somebody", NOW)
    assert rows() == before


def test_whoever_is_cut_off_goes_on(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "BATCH", 2)
    count: list[int] = []

    def dies(*given: Any) -> Any:
        count.append(1)
        if len(count) == 4:  # in the middle of the second batch
            raise KeyboardInterrupt
        return tell(*given)

    monkeypatch.setattr("cases.past.bringing.tell", dies)
    with pytest.raises(KeyboardInterrupt):
        come(ANSWERED)
    with installation.database.read() as session:
        assert len(cases_of(session)) == 2
        assert session.exec(select(PastImport.taken, PastImport.finished_at)).one() == (2, None)
    monkeypatch.setattr("cases.past.bringing.tell", tell)
    assert come(ANSWERED).taken == 4
    with installation.database.read() as session:
        assert len(cases_of(session)) == session.exec(select(func.count()).select_from(Case)).one() == 6
        assert list(history.verify(session)) == []


def line(**cells: str) -> str:
    """The first line with other cells."""
    names = HEADING.split(";")
    given = dict(zip(names, LINES[0].split(";"), strict=True)) | cells
    return ";".join(given[name] for name in names)


REFUSED = [
    ({"nr": ""}, "nr", "no id"),
    ({"opened": ""}, "opened", "Nothing says when"),
    ({"opened": "2025-02-03"}, "opened", "It is not written as %d.%m.%Y %H:%M."),
    ({"opened": "03.02.2035 09:00"}, "opened", "lies in the future"),
    ({"opened": "03.02.0925 09:00"}, "opened", "lies before 1950"),
    ({"closed": "01.02.2025 09:00"}, "closed", "It was closed before it was received."),
    ({"confirmed": "01.02.2025 09:00"}, "confirmed", "It was acknowledged before"),
    ({"state": "Odd"}, "state", "does not say what this status is"),
    ({"way": "pigeon"}, "way", "does not say what this channel is"),
    ({"unit": "Nobody"}, "unit", "No office of ours"),
    ({"unit": ""}, "unit", "Nothing says which office"),
    ({"lat": "north"}, "lat", "That is no place."),
    ({"lat": "95"}, "lat", "no place on Earth"),
    ({"state": "Cancelled", "closed": ""}, "closed", "when its citizen took it back"),
    ({"lon": "1;2"}, "", "It has 14 cells, the heading has 13."),
]


@pytest.mark.parametrize(("cells", "column", "why"), REFUSED)
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_line_that_cannot_be_used_says_why(
    installation: Installation, governed: Government, cells: dict[str, str], column: str, why: str
) -> None:
    found = check(table(line(**cells)), "old.csv", maps.read(mapped(), "map"), NOW, create=False)
    (refused,) = found.refused
    assert (refused.line, refused.column) == (2, column)
    assert why in refused.why
    assert refused.mend
    assert found.pasts == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_same_id_twice_is_refused_once(installation: Installation, governed: Government) -> None:
    found = check(table(line(), line()), "old.csv", maps.read(mapped(), "map"), NOW, create=False)
    assert [(one.line, one.why) for one in found.refused] == [(3, "Another line has this id.")]
    assert len(found.pasts) == 1


MAPS = [
    ({"zone": 'zone = "Mars"'}, "zone"),
    ({"source": 'source = ""'}, "source"),
    ({"dates": 'dates = ["%d.%m."]'}, "dates"),
    ({"Done": 'Done = "gone"'}, "status.Done"),
    ({"phone": 'phone = "telephone"'}, "channels.phone"),
    ({"received": 'recieved = "opened"'}, "columns.recieved"),
    ({"by": 'by = "closing"'}, "answer.because"),
    ({"by": 'by = "acknowledged"'}, "answer.by"),
    ({"language": 'langauge = "en"'}, "langauge"),
]


@pytest.mark.parametrize(("changes", "where"), MAPS)
def test_a_map_that_cannot_be_used_says_where(changes: dict[str, str], where: str) -> None:
    with pytest.raises(BadInput) as raised:
        maps.read(mapped(**changes), "map.toml")
    assert where in raised.value.fields


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_file_that_is_no_table_is_refused_whole(installation: Installation, governed: Government) -> None:
    chosen = maps.read(mapped(), "map")
    for raw, said in (
        (b"", "no lines"),
        (HEADING.encode(), "no lines"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (table(heading=HEADING.replace("opened", "begun")), "columns that are not in the file"),
        (table(heading=HEADING.replace("lon", "lat")), "twice"),
    ):
        with pytest.raises(BadInput, match=said):
            check(raw, "old.csv", chosen, NOW, create=False)


def test_offices_and_services_that_are_missing_are_set_up(installation: Installation, governed: Government) -> None:
    from cases.past.setting_up import set_up
    from domain.catalogue import catalogue

    text = mapped(Lighting='"Lighting" = ""', Street_light='"Street light" = ""').replace(
        '"Officer *" = "WAT2"', '"Officer *" = "SMELL"\n[new]\nparent = "WATER"\n[new.offices]\nSMELL = "Smells"'
    )
    chosen = maps.read(text, "map")
    assert len(check(table(), "old", chosen, NOW, create=False).refused) == 2
    checked = check(table(), "old", chosen, NOW, create=True)
    assert checked.refused == []
    assert checked.missing.offices == {"SMELL": "Smells", "LIGHTING": "Lighting"}
    assert checked.missing.services == {"street-light": "Street light"}
    with installation.database.read() as session:
        known = catalogue(session)
    set_up(chosen, checked.missing, known, NOW)
    come(text)
    with installation.database.read() as session:
        known, cases = catalogue(session), cases_of(session)
        assert known.offices[cases["4"].office_id].code == "LIGHTING"
        assert known.offices[known.office_by_code["SMELL"].parent_id].code == "WATER"  # type: ignore[index]
        assert known.services[cases["4"].service_id].code == "street-light"  # type: ignore[index]
    assert check(table(), "old", chosen, NOW, create=True).missing.offices == {}  # what was set up is found again


def test_figures_can_leave_them_out(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.settings import settings

    come(ANSWERED)

    def n(who: Viewer) -> int:
        return kpis.silence(session, who, None, since=at(2020, 1, 1), until=NOW, now=NOW).n

    with installation.database.read() as session:
        minister = governed.viewer(session, "minister")
        assert n(minister) == 6
        monkeypatch.setenv("OMBUD_FIGURES_IMPORTED", "false")
        settings.cache_clear()
        assert n(minister) == 0
        assert n(governed.viewer(session, "head1")) == 0


def test_what_the_report_says_of_the_silence_is_what_the_figures_say(
    installation: Installation, governed: Government
) -> None:
    checked = check(table(), "old", maps.read(ANSWERED, "map"), NOW, create=False)
    ended, going = silences(checked.pasts, NOW)
    bring(checked, "somebody", NOW)
    with installation.database.read() as session:
        found = kpis.silence(
            session, governed.viewer(session, "minister"), None, since=at(2020, 1, 1), until=NOW, now=NOW
        )
        assert (found.n, found.answered) == (len(ended) + len(going), len(ended))
        assert found.observed_seconds == max(*ended, *going)
    assert cases_state(installation) == {CaseState.open: 3, CaseState.closed: 3}


def cases_state(installation: Installation) -> dict[str, int]:
    with installation.database.read() as session:
        return dict(session.exec(select(Case.state, func.count()).group_by(Case.state)).all())

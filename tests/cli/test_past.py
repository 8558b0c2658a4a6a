"""`ombud import history`: from the first map to the cases, and a real history where one can be reached."""

import json
import os
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, func, select

from cases.past import maps
from cases.past.bringing import bring, check
from cases.past.lines import Past, Table, table_of
from cases.past.reporting import silences
from cases.past.suggesting import columns_of, formats_of, suggest
from domain.case import Case
from domain.catalogue import catalogue
from domain.past import PastImport
from domain.visibility import SYSTEM_KEY
from reports import kpis
from reports.survival import Survival, estimate
from tests.builders import Government, government
from tests.cases.past_world import BECAUSE, LINES, mapped, table
from tests.cli.conftest import Run
from tests.conftest import Installation
from tests.processes import ROOT

DATA = Path(os.environ.get("OMBUD_TEST_DATA", ROOT.parent / "shared" / "data")) / "gnv_history.csv"
SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@SQLITE
def test_from_the_first_map_to_the_cases(
    installation: Installation, governed: Government, ombud: Run, tmp_path: Path
) -> None:
    file, first, mended = tmp_path / "old.csv", tmp_path / "first.toml", tmp_path / "map.toml"
    file.write_bytes(table())
    ombud("import", "history", str(file), code=2)  # it needs a map
    shown = ombud("import", "history", str(file), "--suggest", "--map", str(first))
    assert "--dry-run" in shown.output
    ombud("import", "history", str(file), "--suggest", "--map", str(first), code=2)  # a mended map is not overwritten
    assert maps.read(first.read_text("utf-8"), "first").source == "old"
    mended.write_text(mapped(by='by = "closing"', because=f'because = "{BECAUSE}"'), "utf-8")
    options = ("--map", str(mended), "--json")
    looked = json.loads(ombud("import", "history", str(file), *options, "--dry-run").stdout)
    assert (looked["fresh"], looked["taken"], looked["figures"]["n"]) == (6, 0, 6)
    done = json.loads(ombud("import", "history", str(file), *options).stdout)
    assert (done["taken"], done["figures"]["answered"]) == (6, 3)
    again = ombud("import", "history", str(file), "--map", str(mended)).output
    assert "6 are here already" in again
    assert "0 cases were brought over." in again


@SQLITE
def test_lines_that_cannot_be_used_stop_all_unless_they_may_be_left(
    installation: Installation, governed: Government, ombud: Run, tmp_path: Path
) -> None:
    file, chosen = tmp_path / "old.csv", tmp_path / "map.toml"
    file.write_bytes(table(*LINES[:5], LINES[5].replace("Officer Kola", "Nobody")))
    chosen.write_text(mapped(), "utf-8")
    refused = ombud("import", "history", str(file), "--map", str(chosen), code=2)
    assert "Nothing was changed" in refused.output
    assert "'Nobody' (1)" in refused.output
    with installation.database.read() as session:
        assert session.exec(select(func.count()).select_from(PastImport)).one() == 0
    assert (
        "5 cases were brought over" in ombud("import", "history", str(file), "--map", str(chosen), "--take-good").output
    )


def test_columns_are_known_by_their_names() -> None:
    """Open311's, a help desk's and our own."""
    assert columns_of(("service_request_id", "requested_datetime", "status", "agency_responsible", "lat", "long")) == {
        "id": "service_request_id",
        "received": "requested_datetime",
        "status": "status",
        "office": "agency_responsible",
        "latitude": "lat",
        "longitude": "long",
    }
    found = columns_of(("Ticket", "Created At", "Description", "Department", "Closed Date"))
    assert (found["id"], found["received"], found["closed"]) == ("Ticket", "Created At", "Closed Date")
    assert (found["text"], found["office"], len(found)) == ("Description", "Department", 5)


@pytest.mark.parametrize(
    ("values", "formats", "unsure"),
    [
        (["2024-05-01T10:00", "2024-05-01 11:00:00+02:00"], ["iso"], False),
        (["31.01.2024 10:00", "01.02.2024 11:00"], ["%d.%m.%Y %H:%M"], False),
        (["01/31/2024", "02/01/2024"], ["%m/%d/%Y"], False),
        (["01/02/2024", "03/04/2024"], ["%d/%m/%Y"], True),
        (["01/31/2024 10:15 PM"], ["%m/%d/%Y %I:%M %p"], False),
        (["yesterday"], [], False),
    ],
)
def test_ways_of_writing_a_time_are_found_by_trying(values: list[str], formats: list[str], unsure: bool) -> None:
    assert formats_of(values, ZoneInfo("Europe/Tirane")) == (formats, unsure)


@SQLITE
def test_names_that_are_alike_are_suggested_and_others_are_not(
    installation: Installation, governed: Government
) -> None:
    made = Table(("id", "opened", "office"), [(2, ("1", "2024-01-01", "office wat1")), (3, ("2", "2024-01-01", "WAT"))])
    with installation.database.read() as session:
        text = suggest(made, catalogue(session), ZoneInfo("Europe/Tirane"), "en", "old")
    chosen = maps.read(text, "map")
    assert (chosen.offices.get("Office WAT1"), chosen.offices.get("WAT")) == ("WAT1", "")


# -- a real history: 9,245 cases of a city, read from outside the repository -----------------------------------------

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
REAL_ANSWER = {
    'by = "never"': 'by = "closing"',
    'because = ""': f'because = "{BECAUSE}"',
    "Europe/Tirane": "America/New_York",
}


@pytest.fixture
def real(installation: Installation) -> tuple[bytes, maps.PastMap]:
    """The file and its suggested map, with the closing as the answer: what has an event, and what is censored."""
    if not DATA.exists():
        # no part of the project, so a machine without it passes all the same
        warnings.warn(f"LEFT OUT: {DATA.name} is not beside the checkout (OMBUD_TEST_DATA)", stacklevel=2)
        pytest.skip(f"LEFT OUT: {DATA.name} is not beside the checkout (OMBUD_TEST_DATA)")
    raw = DATA.read_bytes()
    with installation.database.write() as session:
        government(session)
    with installation.database.read() as session:
        text = suggest(table_of(raw, "real"), catalogue(session), ZoneInfo("Europe/Tirane"), "en", "real")
    for before, after in REAL_ANSWER.items():
        text = text.replace(before, after, 1)
    return raw, maps.read(text.replace("[services]", '"" = "WAT1"\n[services]', 1), "map")


def by_lifelines(ended: list[float], going: list[float]) -> dict[str, Any]:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import qth_survival_times

    fitted = KaplanMeierFitter().fit([*ended, *going], [1] * len(ended) + [0] * len(going))
    band = fitted.confidence_interval_
    said: dict[str, Any] = {}
    for name, share in (("median", 0.5), ("p90", 0.1)):
        said[name] = float(fitted.percentile(share))
        limits = qth_survival_times(share, band)
        said[f"{name}_band"] = sorted(float(limits[column].iloc[0]) for column in limits)
    return said


def agrees(ours: Survival, theirs: dict[str, Any]) -> None:
    for name in ("median", "p90"):
        found = getattr(ours, name)
        endless = float("inf")
        assert (found.seconds or endless) == pytest.approx(theirs[name], rel=1e-9), name
        band = [endless if one is None else one for one in (found.low, found.high)]
        assert band == pytest.approx(theirs[f"{name}_band"], rel=1e-9), name


@pytest.mark.filterwarnings("ignore:Approximating")
@SQLITE
def test_a_real_history_is_understood_and_agrees_with_lifelines(real: tuple[bytes, maps.PastMap]) -> None:
    raw, chosen = real
    found = check(raw, "real", chosen, NOW, create=True)
    assert (found.lines, len(found.pasts), len(found.refused)) == (9245, 9245, 0)
    agrees(estimate(*silences(found.pasts, NOW)), by_lifelines(*silences(found.pasts, NOW)))
    by_office: dict[str, list[Past]] = {}
    for past in found.pasts:
        by_office.setdefault(past.office, []).append(past)
    judged = [some for some in by_office.values() if len(some) >= 100]
    assert len(judged) >= 5
    for some in judged:
        agrees(estimate(*silences(some, NOW)), by_lifelines(*silences(some, NOW)))


@pytest.mark.filterwarnings("ignore:Approximating")
@SQLITE
def test_figures_of_a_real_history_are_those_of_its_lines(
    installation: Installation, real: tuple[bytes, maps.PastMap]
) -> None:
    """What the page computes from the database, for some hundred lines, against lifelines on the lines themselves."""
    raw, chosen = real
    text = chosen.text.replace("[offices]", '[offices]\n"*" = "WAT1"', 1)
    # an office in the map that is empty is nobody's decision, so the pattern would not be asked
    lines = [line for line in text.splitlines() if '= ""  # ' not in line or " lines" not in line]
    found = check(raw, "real", maps.read("\n".join(lines), "map"), NOW, create=False)
    assert found.refused == []
    few = found.pasts[::23]
    bring(replace(found, pasts=few, fresh=few, lines=len(few)), "somebody", NOW)
    with installation.database.read() as session:
        ours = kpis.silence(session, SYSTEM_KEY, None, since=NOW - timedelta(days=9000), until=NOW, now=NOW)
        told = by_lifelines(*silences(few, NOW))
        assert ours.n == len(few) == session.exec(select(func.count()).where(col(Case.id).is_not(None))).one()
        assert ours.median_seconds == pytest.approx(told["median"])
        assert [ours.median_low, ours.median_high] == pytest.approx(told["median_band"])
        assert ours.p90_seconds == pytest.approx(told["p90"])
        assert [ours.p90_low, ours.p90_high] == pytest.approx(told["p90_band"])

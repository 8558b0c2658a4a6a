"""The sample government's files, and how they complain."""

import shutil
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from cli.sample.government import ROLES, load
from core.errors import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data files to spoil."""
    with resources.as_file(resources.files("cli.sample") / "data") as data:
        shutil.copytree(data, tmp_path / "government")
    return tmp_path / "government"


def test_what_the_sample_promises() -> None:
    government = load()
    assert (len(government.offices), len(government.services)) == (30, 40)
    assert {office.tier for office in government.offices} == {"national", "region", "district", "service_centre"}
    assert {member.role for member in government.staff} == set(ROLES)
    assert len(government.staff) >= 80
    for office in government.offices:
        assert government.members(office.code, "head")
        assert government.members(office.code, "officer")
    assert all(set(service.names) == set(government.languages) for service in government.services)
    assert government.calendar.days_off(range(2026, 2027))[0] == date(2026, 1, 1)
    assert [rung.share for rung in government.policy.ladder] == [0.5, 0.8, 1.0, 2.0]


def test_places_of_a_service_belong_to_its_offices() -> None:
    """An office that answers for a place in the table serves that place in its own line."""
    government = load()
    for line in government.jurisdictions:
        if line.place is not None:
            served = {place[0] for place in government.office_by_code[line.office].places}
            assert line.place in served, line


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("offices.csv", "WAT1,district,WAT,", "WAT1,district,WATT,", "offices.csv, line 17: the parent 'WATT'"),
        ("offices.csv", "TRI,national,PMO,", "TRI,planet,PMO,", "offices.csv, line 3: 'planet' in `tier`"),
        ("offices.csv", "PMO,national,,", "PMO,national,WAT,", "is above itself"),
        ("offices.csv", ",triage,", ",service,", "exactly one triage office"),
        ("offices.csv", "HLT,national", "EDU,national", "'EDU' is there twice"),
        ("jurisdictions.csv", "passport,,,,,CIV", "passport,,,,,NOPE", "'NOPE' in `office`"),
        ("jurisdictions.csv", "passport,,,,,CIV\n", "", "no office answers anywhere (empty place) for passport"),
        ("jurisdictions.csv", ",water,Kelda,", ",water,Atlantis,", "'Atlantis' in `place`"),
        ("jurisdictions.csv", "id-card,,Torvin", "id-bard,,Torvin", "'id-bard' in `service`"),
        ("jurisdictions.csv", ",water,,,,WAT\n", "", "no office answers anywhere (empty place) for sewage, water-bill"),
        ("jurisdictions.csv", ",water,Kelda,", "parks,water,Kelda,", "`group` is 'water'"),
        ("jurisdictions.csv", ",water,Kelda,,", ",water,Kelda,kelda,", "its place is given twice"),
        ("jurisdictions.csv", ",marenza-beach,", ",moon,", "'moon' in `area`"),
        ("jurisdictions.csv", ",,NOR,MUN1", ",,NORR,MUN1", "'NORR' in `within`"),
        ("areas.geojson", '"code":"kelda"', '"code":"north"', "areas.geojson, feature 4: it needs a `code` of its own"),
        (
            "areas.geojson",
            '"coordinates":[[[19.62,41.62],',
            '"coordinates":[[[19.62,41],',
            "feature 1: A ring is not closed",
        ),
        ("staff.csv", "@velmora.example", "@velmora.gov", "must end in .example"),
        ("staff.csv", ",head,WAT3,", ",officer,WAT3,", "no head works at WAT3"),
        ("staff.csv", ",triage,TRI,bn", ",janitor,TRI,bn", "'janitor' in `role`"),
        ("services.csv", "en:no water", "xx:no water", "does not start with a language"),
        ("services.csv", "code,", "kode,", "line 1: the columns code are missing"),
        ("government.toml", "first_response = 16", "first_response = -1", "policy.targets.first_response"),
        ("government.toml", "Europe/Tirane", "Europe/Nowhere", "is no IANA time zone"),
        ("government.toml", 'date = "01-01"', 'date = "13-01"', "'13-01' is no date"),
        ("government.toml", '["08:00", "12:00"]', '["12:00", "08:00"]', "is no span"),
        ("government.toml", 'tell = "parent"', 'tell = "king"', "policy.ladder"),
        ("government.toml", "accent =", "accent ==", "government.toml: "),
    ],
)
def test_mistakes_are_named_by_file_and_line(folder: Path, file: str, old: str, new: str, says: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1 if file != "government.toml" else -1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load(folder)
    assert says in caught.value.message


@pytest.mark.parametrize(
    "file", ["government.toml", "offices.csv", "services.csv", "areas.geojson", "jurisdictions.csv", "staff.csv"]
)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(BadInput, match=file):
        load(folder)


def test_a_torn_row_is_named(folder: Path) -> None:
    with (folder / "staff.csv").open("a", encoding="utf-8") as staff:
        staff.write("Only A Name\n")
    with pytest.raises(BadInput, match=r"staff\.csv, line 86: it has another number of cells"):
        load(folder)

"""Import and export: what is written can be read, and what cannot be read changes nothing."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlmodel import col, select

from core.settings import settings
from domain.catalogue import catalogue
from domain.office import Office
from domain.service import Jurisdiction
from domain.staff import Staff, StaffRole, email_index
from domain.states import Role
from domain.training import TrainingRun
from tests.builders import Government
from tests.cli.conftest import Run
from tests.conftest import Installation

KINDS = ("offices", "services", "jurisdictions", "staff", "calendars", "policies")


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_imports_without_a_change(ombud: Run, governed: Government, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "table.csv"
    ombud("export", kind, str(file))
    report = json.loads(ombud("import", kind, str(file), "--json").stdout)
    lines = len(file.read_text("utf-8").splitlines()) - 1
    assert (report["added"], report["changed"], report["same"]) == (0, 0, lines)
    assert lines
    assert ombud("export", kind).stdout == file.read_text("utf-8")


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_changed_catalogue_is_taught(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    def asked() -> list[str]:
        with installation.database.read() as session:
            return list(session.exec(select(TrainingRun.why)))

    file = tmp_path / "services.csv"
    ombud("export", "services", str(file))
    ombud("import", "services", str(file))
    assert asked() == []
    file.write_text(file.read_text("utf-8") + file.read_text("utf-8").splitlines()[-1].replace("water", "parks") + "\n")
    ombud("import", "services", str(file))
    assert asked() == ["The catalogue of services was imported"]


def test_a_child_may_come_before_its_parent(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    file = tmp_path / "offices.csv"
    file.write_text(
        "code,tier,parent,places,name_en,name_sq\n"
        "LEAF,service_centre,TWIG,Old Town/Qyteti i Vjetër;Port,Leaf,Gjethe\n"
        "TWIG,district,GOV,,Twig,\n",
        "utf-8",
    )
    with installation.database.read() as session:
        before = catalogue(session).revision
    dry = json.loads(ombud("import", "offices", str(file), "--dry-run", "--json").stdout)
    assert (dry["added"], dry["dry_run"]) == (2, True)
    with installation.database.read() as session:
        assert session.exec(select(Office).where(col(Office.code) == "LEAF")).first() is None
    ombud("import", "offices", str(file))
    with installation.database.read() as session:
        known = catalogue(session)
        leaf = known.office_by_code["LEAF"]
        assert [office.code for office in known.chain(leaf.id)] == ["LEAF", "TWIG", "GOV"]
        assert leaf.places == ["Old Town/Qyteti i Vjetër", "Port"]
        assert leaf.names == {"en": "Leaf", "sq": "Gjethe"}
        assert known.revision > before


BROKEN = {
    "offices": (
        "code,tier,parent,name_en\nNEW1,district,GOV,Good\nNEW2,village,GOV,Bad tier\nNEW3,district,NOPE,Bad parent\n"
        "NEW4,district,GOV,\nNEW1,district,GOV,Twice\n",
        {"line 3": "village", "line 4": "NOPE", "line 5": "no name", "line 6": "line 2"},
    ),
    "services": ("code,active,name_en\nfine,yes,Fine\nodd,perhaps,Odd\n", {"line 3": "yes or no"}),
    "jurisdictions": (
        "service,place,office,valid_from,valid_to\nwater,X,WAT1,,\nwater,Y,NOWHERE,,\nfire,Z,WAT1,,\n"
        "water,Q,WAT1,2026-13-01,\nwater,X,WAT2,2026-01-01,\nwater,R,WAT1,2026-02-01,2026-01-01\n",
        {"line 3": "NOWHERE", "line 4": "fire", "line 5": "2026-03-14", "line 6": "same days", "line 7": "after"},
    ),
    "jurisdictions ": (
        "service,group,places,area,within,office,valid_from,valid_to,note\nwater,,Q;R,,,WAT1,,,fine\n"
        "water,town,,,,WAT1,,,\n,town,,,,WAT1,,,\n,,Lumas,,WATER,WAT1,,,\n,,,moon,,WAT1,,,\n,,,,MOON,WAT1,,,\n"
        "water,,Q;R,,,WAT2,,,\n",
        {
            "line 3": "both",
            "line 4": "group",
            "line 5": "twice",
            "line 6": "area",
            "line 7": "office",
            "line 8": "same",
        },
    ),
    "jurisdictions  ": ("service,place,office\nwater,X,WAT1\n,Y,WAT1\n", {"line 3": "service is empty"}),
    "staff": (
        "email,name,roles,language\nok@gov.example,Ok,officer@WAT1,en\nbad,Bad,officer@WAT1,en\n"
        "a@gov.example,A,king@WAT1,en\nb@gov.example,B,officer@MOON,en\nc@gov.example,C,,en\nd@gov.example,D,head@WAT1,xx\n",
        {"line 3": "e-mail", "line 4": "king", "line 5": "MOON", "line 6": "roles", "line 7": "xx"},
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_each_bad_line_is_named_and_nothing_is_changed(
    ombud: Run, governed: Government, tmp_path: Path, kind: str
) -> None:
    content, expected = BROKEN[kind]
    kind = kind.strip()
    before = ombud("export", kind).stdout
    file = tmp_path / "broken.csv"
    file.write_text(content, "utf-8")
    shown = ombud("import", kind, str(file), code=2).output
    for line, word in expected.items():
        complaint = next(part for part in shown.splitlines() if part.strip().startswith(f"{line}:"))
        assert word in complaint + shown[shown.index(complaint) :]
    assert "line 2:" not in shown
    assert ombud("export", kind).stdout == before


def test_an_office_cannot_stand_above_itself(ombud: Run, governed: Government, tmp_path: Path) -> None:
    file = tmp_path / "ring.csv"
    file.write_text("code,tier,parent,name_en\nGOV,national,WAT1,Government\n", "utf-8")
    assert "above itself" in ombud("import", "offices", str(file), code=2).output


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "missing"),
        (b"code,tier\n", "no lines"),
        (b"code,tier,colour\nA,district,red\n", "colour"),
        (b"tier,name_en\ndistrict,A\n", "code is missing"),
        (b"code,tier,name_en\nA,district\n", "cells"),
        (b'code,tier,name_en\n"A,district,B\n', "line"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_files_that_are_no_table_are_refused_in_words(
    ombud: Run, governed: Government, tmp_path: Path, content: bytes, word: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    assert word in " ".join(ombud("import", "offices", str(file), code=2).output.split())


def test_missing_file_and_unknown_kind(ombud: Run, governed: Government, tmp_path: Path) -> None:
    assert "cannot be read" in " ".join(ombud("import", "offices", str(tmp_path / "none.csv"), code=2).output.split())
    assert "jurisdictions" in ombud("export", "moons", code=2).output


def test_new_staff_can_sign_in_with_what_was_printed(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    from pwdlib import PasswordHash

    file = tmp_path / "staff.csv"
    file.write_text(
        "email,name,roles\nNew@gov.example,New One,officer@WAT1;head@WAT2\nofficer1@gov.example,Renamed,head@WAT1\n",
        "utf-8",
    )
    report = json.loads(ombud("import", "staff", str(file), "--json").stdout)
    assert (report["added"], report["changed"]) == (1, 1)
    assert list(report["passwords"]) == ["new@gov.example"]
    with installation.database.read() as session:
        person = session.exec(select(Staff).where(col(Staff.email_index) == email_index("new@gov.example"))).one()
        assert PasswordHash.recommended().verify(report["passwords"]["new@gov.example"], person.password_hash)
        assert person.language == settings().languages[0]
        roles = session.exec(
            select(StaffRole.role, StaffRole.office_id).where(col(StaffRole.staff_id) == person.id)
        ).all()
        assert set(roles) == {(Role.officer, governed.office["WAT1"]), (Role.head, governed.office["WAT2"])}
        renamed = session.get_one(Staff, governed.staff["officer1"])
        assert (renamed.name, renamed.password_hash) == ("Renamed", "!")
        held = session.exec(select(StaffRole.role).where(col(StaffRole.staff_id) == renamed.id)).all()
        assert list(held) == [Role.head]


def test_a_line_of_jurisdictions_can_end_and_another_begin(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(
        "service,place,office,valid_from,valid_to\nwater,Lumas,WAT1,,2026-07-01\nwater,Lumas,WAT2,2026-07-01,\n",
        "utf-8",
    )
    ombud("import", "jurisdictions", str(file))
    with installation.database.read() as session:
        lines = session.exec(select(Jurisdiction)).all()
    assert {(line.office_id, line.valid_to is None) for line in lines if line.places == ["Lumas"]} == {
        (governed.office["WAT1"], False),
        (governed.office["WAT2"], True),
    }


AREA = {"type": "Polygon", "coordinates": [[[19.8, 41.3], [19.9, 41.3], [19.9, 41.4], [19.8, 41.4], [19.8, 41.3]]]}


def collection(*features: tuple[Mapping[str, object], object], **more: object) -> str:
    listed = [{"type": "Feature", "properties": said, "geometry": drawn} for said, drawn in features]
    return json.dumps({"type": "FeatureCollection", "features": listed, **more})


def test_areas_and_rules_by_them_come_in_and_go_out(
    ombud: Run, installation: Installation, governed: Government, tmp_path: Path
) -> None:
    areas, rules = tmp_path / "areas.geojson", tmp_path / "rules.csv"
    areas.write_text(collection(({"code": "dre", "name_en": "Drenova", "zone": 4, "active": True}, AREA)), "utf-8")
    assert json.loads(ombud("import", "areas", str(areas), "--json").stdout)["added"] == 1
    rules.write_text(
        "service,group,places,area,within,office,valid_from,valid_to,note\n"
        "water,,,dre,,WAT1,,,by order 12\n,,,,WATER,WATER,2026-01-01,,\nwater,,Port;Old Town,,,WAT2,,,\n",
        "utf-8",
    )
    assert json.loads(ombud("import", "jurisdictions", str(rules), "--json").stdout)["added"] == 3
    with installation.database.read() as session:
        known = catalogue(session)
        (area,) = known.areas.values()
        assert (area.code, area.names, json.loads(area.geojson)) == ("dre", {"en": "Drenova"}, AREA)
        drawn = next(line for line in known.jurisdictions if line.area_id)
        assert (drawn.area_id, drawn.office_id, drawn.note) == (area.id, governed.office["WAT1"], "by order 12")
        assert ["Port", "Old Town"] in [line.places for line in known.jurisdictions]
        assert governed.office["WATER"] in [line.within_id for line in known.jurisdictions]
    for kind, file in (("areas", areas), ("jurisdictions", rules)):
        ombud("export", kind, str(file))
        report = json.loads(ombud("import", kind, str(file), "--json").stdout)
        assert (report["added"], report["changed"]) == (0, 0)
        assert ombud("export", kind).stdout == file.read_text("utf-8")


def test_each_feature_that_is_no_area_is_named(ombud: Run, governed: Government, tmp_path: Path) -> None:
    file = tmp_path / "areas.geojson"
    good = {"code": "a", "name_en": "A"}
    features = [(good, AREA), (good, AREA), ({"code": "b"}, AREA), ({"name_en": "C"}, AREA), ({"code": "d"}, None)]
    file.write_text(collection(*features, ({"code": "e", "name_en": "E"}, {"type": "Point"})), "utf-8")
    shown = " ".join(ombud("import", "areas", str(file), code=2).output.split())
    for said in ("feature 2: it says the same code as feature 1", "feature 3: it has no name", "feature 4: code is"):
        assert said in shown
    assert "feature 6: A Point is no area. Draw a Polygon" in shown
    assert "feature 1:" not in shown
    assert '"features":[\n\n]' in ombud("export", "areas").stdout


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("{", "no JSON"),
        ("[]", "no FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "no FeatureCollection"),
        (collection(({"code": "a"}, AREA), crs={"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}), "WGS 84"),
    ],
)
def test_files_that_are_no_map_are_refused_in_words(
    ombud: Run, governed: Government, tmp_path: Path, content: str, word: str
) -> None:
    file = tmp_path / "file.geojson"
    file.write_text(content, "utf-8")
    assert word in " ".join(ombud("import", "areas", str(file), code=2).output.split())


def test_examples_of_a_service_come_back_as_they_were(ombud: Run, governed: Government, tmp_path: Path) -> None:
    file = tmp_path / "services.csv"
    file.write_text(
        "code,name_en,keywords,examples,shared\nwater,Water,dry,No water; since Monday | Our tap is dry,no\n", "utf-8"
    )
    ombud("import", "services", str(file))
    assert "No water; since Monday | Our tap is dry" in ombud("export", "services").stdout
    file.write_text("code,name_en,keywords\nwater,Water,dry\n", "utf-8")
    assert json.loads(ombud("import", "services", str(file), "--json").stdout)["changed"] == 0

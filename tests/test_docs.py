"""The documentation says what is there, all of it, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Match
from starlette.testclient import TestClient

from api.app import create_app
from core.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

sys.path.insert(0, str(DOCS))
import tables  # noqa: E402  (docs/tables.py, which also writes them)

sys.path.pop(0)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
TESTING = {"OMBUD_TEST_DATABASE_URL", "OMBUD_TEST_EXAMPLES", "OMBUD_TEST_REDIS_URL", "OMBUD_TEST_REQUIRE_ALL"} | {
    "OMBUD_BENCH_BROKER_URL",
    "OMBUD_BENCH_DATABASE_URL",
    "OMBUD_BENCH_DATA_DIR",
    "OMBUD_BENCH_KPI_CASES",
    "OMBUD_BENCH_KPI_OFFICES",
    "OMBUD_BENCH_PROBE_DIR",
}


@pytest.mark.parametrize("name", tables.TABLES)
def test_tables_are_what_the_code_says(name: str) -> None:
    page = (DOCS / name).read_text("utf-8")
    assert page == tables.with_table(page, tables.TABLES[name]()), "run `python docs/tables.py`"
    assert "<!-- table -->" in page


def test_every_setting_has_a_meaning() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = {f"OMBUD_{name.upper()}" for name in Settings.model_fields} | TESTING
    named = {
        (page.name, match) for page in PAGES for match in re.findall(r"OMBUD_[A-Z_]*[A-Z]", page.read_text("utf-8"))
    }
    assert {one for one in named if one[1] not in known} == set()


def test_no_page_names_a_command_that_does_not_exist() -> None:
    known = {name for name, _ in tables.commands()}
    groups = {name.rsplit(" ", 1)[0] for name in known}
    for page in PAGES:
        for call in re.findall(r"(?:`|^|bin/)ombud ((?:[a-z-]+ ?)+)", page.read_text("utf-8"), re.MULTILINE):
            words = call.split()
            told = {f"ombud {words[0]}", f"ombud {' '.join(words[:2])}"}
            assert told & (known | groups - {"ombud"}), f"{page.name}: ombud {call}"


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())  # type: ignore[index]


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+)", shown, re.MULTILINE)) == make_targets()


def test_no_page_names_a_make_target_that_does_not_exist() -> None:
    for page in PAGES:
        for target in re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE):
            assert "".join(target) in make_targets(), f"{page.name}: make {''.join(target)}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if not link.startswith(("http", "mailto")):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_address_of_the_contract_is_served() -> None:
    app = create_app(embedded=False)

    def served(method: str, path: str) -> bool:
        if path.startswith("/webhooks/"):  # handled before the router; unsigned, each of them is refused
            return bool(TestClient(app).post(path).status_code == 403)
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": [], "app": app}
        return any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)

    text = (DOCS / "api.md").read_text("utf-8")
    documented = set(re.findall(r"`(GET|POST|DELETE) (/[^`]+)`", text))
    documented |= {
        ("GET", path) for line in re.findall(r"^\| (`/.*?) \|", text, re.MULTILINE) for path in line[1:-1].split("`, `")
    }
    assert len(documented) > 15
    for method, path in documented:
        filled = re.sub(r"\{[^}]+\}", "x", path)
        assert served(method, filled), f"{method} {path} is documented and not there"
    assert not served("GET", "/no-such-page")
    assert not served("POST", "/webhooks/no-such-provider")
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            assert (method.upper(), path) in documented, f"{method} {path} is not documented"

"""The house stays as it was built: directions of import, size of files, what a release contains."""

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from core.errors import Misconfigured
from core.settings import Settings

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LONGEST = 400


def tracked() -> list[Path]:
    """Every file of the repository, also those not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def texts() -> dict[str, str]:
    found = {}
    for path in tracked():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=more.pop("cwd", str(ROOT)), capture_output=True, text=True, check=False, env={**os.environ, **more}
    )


def test_imports_go_downwards() -> None:
    done = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_files_have_one_idea() -> None:
    long = {
        name: lines
        for name, text in texts().items()
        if name.endswith(".py")
        and not name.startswith("migrations/versions/")
        and (lines := text.count("\n")) > LONGEST
    }
    assert long == {}


def test_packages_have_no_logic_in_their_init() -> None:
    assert [name for name, text in texts().items() if name.endswith("__init__.py") and text.strip()] == []


def test_every_room_is_in_the_wheel() -> None:
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert there == set(ROOMS)


# written in halves, so that this file does not find itself
UNFINISHED = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))
MACHINES = "|".join(("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]", "/op" + "t/(?:pypi|wheels)"))
REGISTRIES = "|".join(("py" + "pi\\.org", "files\\.python" + "hosted", "registry\\.npm" + "js"))


@pytest.mark.parametrize("forbidden", [rf"\b(?:{UNFINISHED})\b", rf"(?<![\w.])(?:{MACHINES})", REGISTRIES])
def test_nothing_forbidden_is_written(forbidden: str) -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in texts().items()
        if not name.startswith("requirements") and (match := re.search(forbidden, text))
    ]
    assert found == []


def test_pins_have_hashes_and_name_no_index() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"^--|://", text, re.MULTILINE), name
        for pin in re.split(r"\n(?=[a-zA-Z0-9])", text):
            if not pin.startswith("#"):
                assert "==" in pin, pin[:60]
                assert "--hash=sha256:" in pin, pin[:60]


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([a-zA-Z0-9._-]+)==(\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    return dict(found)


def test_both_files_of_pins_agree() -> None:
    run_pins, all_pins = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: all_pins.get(name) for name in run_pins} == run_pins
    for wanted in PROJECT["project"]["dependencies"]:
        name = re.split(r"[\[><=;]", wanted)[0].lower()
        assert name in {pin.lower().replace("_", "-") for pin in run_pins}, wanted


def test_the_web_process_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, api.app; api.app.create_app(embedded=False);"
        "print(sorted({'spacy', 'sklearn', 'scipy', 'twilio', 'telegram', 'celery', 'numpy'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr[-2000:]


def test_help_comes_at_once_and_loads_little() -> None:
    code = (
        "import sys, cli.main;"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'fastapi', 'spacy', 'sklearn', 'celery'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(folder.glob("*.whl"))


def test_the_wheel_has_all_that_is_read_at_run_time(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        name
        for name in texts()
        if name.split("/")[0] in ROOMS and not name.endswith((".py", ".pot", ".gitkeep", ".md"))
    }
    assert wanted - inside == set()
    assert any(name.startswith("migrations/versions/") and name.endswith(".py") for name in inside)
    assert not any(name.startswith(("tests/", "benchmarks/", "docs/")) for name in inside)


def test_the_wheel_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, with the dependencies of this one: schema, first administrator, verification."""
    place = tmp_path / "installed"
    venv.create(place, symlinks=True)
    packages = next((place / "lib").glob("python3*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(packages)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    # not as a .pth file, whose editable install of this checkout would be found first
    more = {
        "PYTHONPATH": f"{packages}{os.pathsep}{here}",
        "OMBUD_DATA_DIR": str(tmp_path / "data"),
        "cwd": str(tmp_path),
    }
    command = [str(place / "bin" / "python"), "-S", "-c", "from cli.main import app; app()"]
    for arguments in (["init", "--admin-email", "first@office.example"], ["verify", "--json"], ["export", "offices"]):
        done = run(*command, *arguments, **more)
        assert done.returncode == 0, f"{arguments}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
    assert "TOP" in done.stdout
    where = run(*command[:-1], "import cli; print(cli.__file__)", **more)
    assert str(packages) in where.stdout


SAFE = {
    "environment": "production",
    "secret_key": "k" * 40,
    "twilio_account_sid": "AC" + "1" * 32,
    "twilio_auth_token": "own-token",
    "telegram_token": "1:own",
    "telegram_webhook_secret": "own-secret",
    "public_url": "https://voice.example.org",
}


def test_production_accepts_own_secrets() -> None:
    Settings.model_validate(SAFE).check_production()


@pytest.mark.parametrize("left_out", sorted(set(SAFE) - {"environment"}))
def test_production_refuses_default_secrets(left_out: str) -> None:
    unsafe = {name: value for name, value in SAFE.items() if name != left_out}
    with pytest.raises(Misconfigured, match=f"OMBUD_{left_out.upper()}"):
        Settings.model_validate(unsafe).check_production()

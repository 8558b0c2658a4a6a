"""Every template with realistic context: well formed, within the content policy, and light for citizens."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from api.draw import scale_interval, scale_trend
from api.pages import STATIC, TEMPLATES, accent_css
from core.i18n import LANGUAGES
from tests.look import samples, samples_report, samples_staff
from tests.look.site import build

CLIENT = TestClient(build())
VOID = {"meta", "link", "input", "br", "img", "hr", "source", "wbr"}
URLS = (
    [f"/citizen/{name}" for name in samples.CITIZEN]
    + [f"/staff-pages/{name}" for name in samples_staff.STAFF]
    + ["/styleguide"]
)
LIMIT = 60_000


class Reader(HTMLParser):
    """Notes unclosed elements, repeated ids, dangling references and anything inline."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.faults: list[str] = []
        self.assets: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if len(named) != len(attrs):
            self.faults.append(f"repeated attribute in <{tag}>")
        self.faults += [f"<{tag} {name}>" for name in named if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not named.get("src")):
            self.faults.append(f"inline <{tag}>")
        if named.get("id"):
            self.ids.append(str(named["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.refers += str(named.get(name) or "").split()
        for name in ("src", "href"):
            if tag in ("script", "link") and named.get(name):
                self.assets.append(str(named[name]))
        if re.fullmatch(r"h[1-6]", tag) and "template" not in self.open:  # what is in a template is on no page yet
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
        elif self.open:
            self.open.pop()


def read(url: str) -> tuple[str, Reader]:
    answer = CLIENT.get(url)
    assert answer.status_code == 200
    reader = Reader()
    reader.feed(answer.text)
    return answer.text, reader


@pytest.mark.parametrize("url", URLS)
def test_page_is_well_formed_and_has_nothing_inline(url: str) -> None:
    _, page = read(url)
    assert page.faults == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.refers) <= set(page.ids)
    if url.rpartition("/")[2] not in samples_staff.FRAGMENTS:
        assert page.headings.count(1) == 1


@pytest.mark.parametrize("name", samples.CITIZEN)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_citizens_page_weighs_under_60_kb_in_every_language(name: str, lang: str) -> None:
    html, page = read(f"/citizen/{name}?lang={lang}")
    weight = len(html.encode()) + sum(len(CLIENT.get(asset).content) for asset in page.assets)
    assert weight < LIMIT
    assert f'<html lang="{lang}"' in html


def test_every_template_has_a_sample() -> None:
    used = {f"citizen/{template}.html" for template, _ in samples.CITIZEN.values()} | {
        f"staff/{template}.html" for template, _ in samples_staff.STAFF.values()
    }
    frames = {
        "citizen/base_citizen.html",
        "staff/base_staff.html",
        "staff/parts.html",
        "staff/board_parts.html",
        "staff/board_share.html",
        "staff/kpi_parts.html",
        "citizen/after_closing.html",
        "citizen/open_parts.html",
        "staff/case_life.html",
        "staff/case_life_acts.html",
        "staff/cause_part.html",
        "staff/effect_part.html",
        "staff/checks.html",
        "staff/crowd_bar.html",
        "staff/answer_box.html",
        "staff/case_acts.html",
        "staff/case_history.html",
        "staff/case_pane.html",
        "staff/case_side.html",
        "staff/queue_column.html",
        "staff/search_help.html",
        "staff/surge_band.html",
        "staff/recordings.html",
        "staff/review_blocks.html",
        "staff/routing_parts.html",
        "staff/asking_parts.html",
        "staff/timing_parts.html",
        "staff/survey_parts.html",
        "staff/trend_part.html",
        "staff/trial_arm.html",
        "staff/transaction_parts.html",
        "staff/together.html",
        "staff/triage_counts.html",
        "components.html",
        "styleguide.html",
    }
    assert used | frames == {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}


def test_what_people_write_is_escaped() -> None:
    original = samples.CITIZEN["report-check"][1]
    attack = {**original, "values": {**samples_report.VALUES, "text": "<script>alert(1)</script>\"'"}}
    samples.CITIZEN["attack"] = ("report", attack)
    try:
        html, page = read("/citizen/attack")
    finally:
        del samples.CITIZEN["attack"]
    assert "<script>alert" not in html
    assert page.faults == []


def test_asked_language_is_carried_on_by_links_and_forms() -> None:
    html, _ = read("/citizen/report-what?lang=sq")
    assert 'action="/report?lang=sq"' in html
    html, _ = read("/citizen/report-what")
    assert 'action="/report"' in html


@pytest.mark.parametrize("step", list(samples_report.PAGES))
def test_earlier_answers_are_carried_along_without_scripts(step: str) -> None:
    html, _ = read(f"/citizen/{step}")
    for name in set(samples_report.VALUES) - {"email"}:  # not every installation answers by e-mail
        assert f'name="{name}"' in html
    assert 'name="form_id" value="0192a3"' in html
    assert 'name="started" value="1764000000.abc"' in html


def test_styles_use_logical_properties_only() -> None:
    physical = re.compile(r"(?<![\w-])(margin|padding|border)-(left|right)|text-align:\s*(left|right)|(?<![\w-])float:")
    for sheet in STATIC.glob("*.css"):
        assert physical.findall(sheet.read_text()) == []


@pytest.mark.parametrize("colour", ["#ffffff", "#ffcc00", "#0b5c63", "#00ff00"])
def test_any_accent_is_made_readable_on_white(colour: str) -> None:
    found = re.search(r"--accent: #(\w{6})", accent_css(colour))
    assert found
    parts = [int(found[1][index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_no_accent_leaves_the_default() -> None:
    assert accent_css("") == ""


def test_interval_stays_on_its_canvas_and_says_when_it_runs_off() -> None:
    at = scale_interval(50, 20, 500, 100, 150)
    assert 0 <= at.low < at.value < at.high <= 300
    assert at.runs_off
    assert at.mark == at.high
    assert scale_interval(0, 0, 0, 0).low == scale_interval(0, 0, 0, 0).high


def test_trend_leaves_gaps_out_and_rises_upwards() -> None:
    line = scale_trend([1, None, 3], (1, 2))
    assert line
    assert line.outside
    points = [tuple(map(float, point.split(","))) for point in line.points.split()]
    assert all(left[0] < right[0] and left[1] > right[1] for left, right in pairwise(points))
    assert scale_trend([None, 3]) is None

"""Pages of causes and of actions: what forms do, how mistakes come back, what can be undone, and the sentence that says
whether it helped."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from api.draw_effect import scale_effect
from api.effect_view import verdict
from core.i18n import translator
from domain.cause import CaseCause, Cause
from domain.review import Action, Finding
from reports.interrupted import Change, Series, estimate
from tests.conftest import Installation
from tests.reviews.test_pages import MONDAY, WEEK, Site
from tests.reviews.test_pages import site as site  # noqa: PLC0414  (a fixture is found by its name)

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""What is asked of the database is asked of both in the tests of the rooms below."""


def send(site: Site, path: str, who: str = "north_head", **fields: str) -> tuple[int, str]:
    """Send a form as somebody: the status, and where it leads or the page that came back."""
    site.sign_in(who)
    answer = site.client.post(path, data={"csrf": f"csrf-{who}"} | fields)
    return answer.status_code, answer.headers.get("location", answer.text)


def show(site: Site, path: str, who: str = "north_head") -> str:
    site.sign_in(who)
    answer = site.client.get(path)
    assert answer.status_code == 200, path
    page: str = answer.text
    return page


def named(site: Site, name: str, who: str = "north_head", **fields: str) -> str:
    """A cause added on the page; its address."""
    assert send(site, "/staff/causes", who, cause=name, **fields) == (303, "/staff/causes?said=added")
    with site.installation.database.read() as session:
        return f"/staff/causes/{session.exec(select(Cause.id).where(Cause.name == name)).one()}"


def promised(site: Site, owner: str = "north_officer") -> str:
    """An action of the review of NORTH about its late case; its address."""
    fields = {
        "why": "No spare key.",
        "decision": "A key for the duty team.",
        "what": "Hand over a key",
        "owner": site.staff[owner],
        "due_on": str(MONDAY + timedelta(days=9)),
    }
    status, _ = send(site, f"/staff/reviews/NORTH/{WEEK}/cases/{site.cases['late']}", **fields)
    assert status == 303
    with site.installation.database.read() as session:
        return f"/staff/actions/{session.exec(select(Action.id)).one()}"


def test_a_case_is_given_a_cause_that_is_asked_about_when_it_is_much_like_another(site: Site) -> None:
    named(site, "No spare key")
    path = f"/staff/cases/{site.cases['late']}/cause"
    status, page = send(site, path, "north_officer", cause="No spare keys")
    assert status == 422
    assert 'name="another"' in page
    assert 'value="No spare keys"' in page
    with site.installation.database.read() as session:
        assert session.exec(select(CaseCause)).all() == []
    assert send(site, path, "north_officer", cause="no spare KEY")[0] == 303
    assert "Cause: No spare key" in show(site, f"/staff/cases/{site.cases['late']}", "north_officer")
    page = show(site, "/staff/causes")
    assert "1 of 2 cases have a cause; most often: No spare key (1)." in page
    assert send(site, path, "north_officer", cause="")[0] == 303
    assert "have a cause; most" not in show(site, "/staff/causes")


def test_what_is_typed_is_answered_with_what_there_is(site: Site) -> None:
    above = named(site, "Keys").rpartition("/")[2]
    named(site, "No spare key", under=above)
    site.sign_in("south_head")
    found = site.client.get("/staff/causes/suggest", params={"q": "spare ky"}).json()
    assert found[0] == {"name": "No spare key", "above": "Keys"}
    site.sign_in("inspector")
    assert site.client.get("/staff/causes/suggest", params={"q": "spare"}).status_code == 403


def test_two_people_merge_and_the_notice_takes_it_back(site: Site) -> None:
    one, two = named(site, "Key is missing"), named(site, "No spare key")
    into = two.rpartition("/")[2]
    assert send(site, f"{one}/merge", into=into) == (303, f"{one}?said=merge")
    assert 'action="' + one + '/agree"' not in show(site, one)
    status, page = send(site, f"{one}/agree")
    assert status == 403
    assert "somebody else decides" in page
    assert 'action="' + one + '/agree"' in show(site, "/staff/causes", "south_head")
    assert send(site, f"{one}/agree", "south_head")[0] == 303
    page = show(site, f"{one}?said=agree", "south_head")
    assert "Merged into" in page
    assert f'action="{one}/unmerge"' in page
    assert "Key is missing" not in show(site, "/staff/causes")
    assert send(site, f"{one}/unmerge")[0] == 303
    assert "Key is missing" in show(site, "/staff/causes")


def test_mistakes_in_a_cause_come_back_beside_their_fields(site: Site) -> None:
    one = named(site, "Key is missing")
    for act, fields, field in (
        ("names", {"name-en": "Call Mr Petrov", "name-sq": ""}, "name-en"),
        ("merge", {"into": ""}, "into"),
        ("under", {"under": one.rpartition("/")[2]}, "under"),
    ):
        status, page = send(site, f"{one}/{act}", **fields)
        assert status == 422
        assert f'id="{field}-error"' in page
    status, page = send(site, "/staff/causes", cause="x" * 121)
    assert status == 422
    assert 'id="cause-error"' in page
    assert send(site, "/staff/causes", "north_officer", cause="Pump is old")[0] == 403
    assert send(site, f"{one}/nothing")[0] == 404


def test_ones_action_is_done_with_a_note_and_taken_back(site: Site) -> None:
    path = promised(site)
    assert "Hand over a key" in show(site, "/staff/actions", "north_officer")
    status, page = send(site, f"{path}/done", "north_officer", done_note=" ", from_list="1")
    assert status == 422
    assert 'id="done_note-error"' in page
    status, to = send(site, f"{path}/done", "north_officer", done_note="It hangs there", from_list="1")
    assert status == 303
    page = show(site, to, "north_officer")
    assert f'action="{path}/back"' in page
    assert "Nothing is left to do" in page
    assert send(site, f"{path}/back", "north_officer")[0] == 303
    assert "1 thing you said you would do" in show(site, "/staff/actions", "north_officer")
    assert "to do again" in show(site, path, "north_officer")


def test_another_day_another_owner_or_not_at_all(site: Site) -> None:
    path, due = promised(site), str(MONDAY + timedelta(days=20))
    status, page = send(site, f"{path}/move", "north_officer", due_on=due)
    assert status == 422
    assert 'id="why-move-error"' in page
    assert 'href="#why-move"' in page
    assert send(site, f"{path}/move", "north_officer", due_on=due, why="The locksmith is ill")[0] == 303
    page = show(site, path)
    assert "Moved 1 time." in page
    assert "The locksmith is ill" in page
    assert send(site, f"{path}/hand", "north_officer", owner=site.staff["north_head"], why="Leave")[0] == 403
    assert send(site, f"{path}/hand", owner=site.staff["north_head"], why="Leave")[0] == 303
    assert "Hand over a key" not in show(site, "/staff/actions", "north_officer")
    assert send(site, f"{path}/drop", why="The house is sold")[0] == 303
    page = show(site, path)
    assert "given up" in page
    assert "It was not done, so there is nothing to compare." in page
    site.sign_in("south_head")
    assert site.client.get(path).status_code == 404


def test_an_action_says_when_it_can_be_told_whether_it_helped(site: Site) -> None:
    path = promised(site)
    assert "It is not done yet." in show(site, path)
    send(site, f"{path}/done", done_note="It hangs there")
    page = show(site, path)
    assert re.search(r"Too early: 8 whole weeks after it are needed\. It can be told from \d+ \w+ \d{4} on\.", page)
    for of in ("all", "cause", "nothing"):
        assert "It cannot be told" in show(site, f"{path}?of={of}")


def test_a_decision_has_a_page_that_says_whether_it_helped(site: Site) -> None:
    cause = named(site, "No spare key")
    promised(site)
    with site.installation.database.write() as session:
        [finding] = session.exec(select(Finding))
        finding.cause_id = session.exec(select(Cause.id)).one()
        session.add(finding)
        path = f"/staff/findings/{finding.id}"
    assert re.search(rf'href="{path}"[\s\S]+Whether it helped: from \d+ \w+ \d{{4}} on', show(site, cause))
    page = show(site, path)
    for words in ("A key for the duty team.", "No spare key.", "Hand over a key", "Counted from the day", "Too early"):
        assert words in page
    assert 'aria-current="true">Its cause' in page  # the case has no service
    assert 'aria-current="true">All complaints' in show(site, f"{path}?of=all")
    assert "/staff/reviews/NORTH/" in page
    # who answers complaints here reads it, and is not led where they may not go
    assert "/staff/reviews/NORTH/" not in show(site, path, "north_officer")
    with site.installation.database.write() as session:
        [finding] = session.exec(select(Finding))
        finding.at -= timedelta(weeks=12)
        session.add(finding)
    assert f'href="{path}#effect"' in show(site, cause)
    assert send(site, f"/staff/reviews/NORTH/{WEEK}/close")[0] == 303
    assert f'href="{path}#effect"' in show(site, f"/staff/reviews/NORTH/{WEEK}/minutes")
    site.sign_in("south_head")
    for other in (path, "/staff/findings/x", f"/staff/findings/{site.staff['south_head']}"):
        assert site.client.get(other).status_code == 404


def change(counts: list[int], before: int) -> Change:
    found = estimate(Series(counts, before, before))
    assert isinstance(found, Change)
    return found


def test_the_sentence_says_which_way_and_how_sure(installation: Installation) -> None:
    words = translator("en")
    fell = verdict(change([20, 22, 18, 21] * 6 + [5, 6, 4, 5] * 3, 24), words)
    low, high = (int(one) for one in re.fullmatch(
        r"Complaints fell by \d+% \(95% interval: (\d+)% to (\d+)%\)\.", fell
    ).groups())  # type: ignore[union-attr]  # fmt: skip
    assert 40 < low < high < 90
    assert verdict(change([5, 6, 4, 5] * 6 + [20, 22, 18, 21] * 3, 24), words).startswith("Complaints rose by ")
    assert verdict(change([5, 6, 4, 5] * 9, 24), words).startswith("No change that chance does not explain: ")


def test_the_drawing_has_a_dot_for_each_week_and_cuts_what_runs_off(installation: Installation) -> None:
    plot = scale_effect([4, 6, 5, 5, 1, 2], [5.0] * 6, [None, None, None, None, 90.0, 90.0], 3, 4)
    assert plot is not None
    assert [dot.out for dot in plot.dots] == [False, False, False, True, False, False]
    assert all(18 <= dot.y <= 192 for dot in plot.dots)
    assert [float(point.split(",")[1]) for point in plot.without.split()] == [18.0, 18.0]
    assert scale_effect([], [], [], 0, 0) is None

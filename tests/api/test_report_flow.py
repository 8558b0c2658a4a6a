"""The report's form as values: whatever is posted is read, and what is wrong has a sentence on a page that exists."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.report_flow import FIELDS, STEPS, Draft, step_of
from api.report_guard import held, opened_at
from channels import web
from tests.builders import NOW

NAMES = st.sampled_from([*FIELDS, "step", "form_id", "started", "where", "return", "go", "other"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(
    st.dictionaries(NAMES, st.text(max_size=40) | st.sampled_from(["yes", "phone", "o:x", "p:y", "41.3", "anonymous"]))
)
def test_no_form_breaks_the_flow(form: dict[str, str]) -> None:
    draft = Draft.of(form)
    assert draft.step in STEPS
    assert set(draft.values) == set(FIELDS)
    wrong = draft.mistakes("en", "check")
    assert all(text and step_of(name) in STEPS for name, text in wrong.items()), wrong
    assert "token" not in wrong, "an odd id is replaced, never a dead end"
    if not wrong:
        message = draft.message("en")
        assert message.text
        assert not (draft.anonymous() and (message.sender or message.details.get("name")))
    assert isinstance(held(draft.values, draft.started, draft.form_id, NOW), str)
    assert opened_at(draft.started, draft.form_id) is None


@given(st.floats() | st.text(max_size=8), st.floats() | st.text(max_size=8))
def test_where_somebody_stood_is_rounded_or_left_out(latitude: object, longitude: object) -> None:
    form = {"text": "x y", "token": "0192d5a0-0000", "latitude": latitude, "longitude": longitude}
    found = web.parse(form, region="AL").details.get("location")
    if isinstance(found, dict):
        assert all(
            abs(float(str(degree))) <= 180 and round(float(str(degree)), 3) == degree for degree in found.values()
        )

"""Sample context of answering: the box with its warnings, and the parts that are fetched on their own."""

from tests.look.samples import ago
from tests.look.samples_desk import ANSWER, DESK, LOOK, line

VERDICT = (
    "This reads like your answer to M2HD-88TA: 96 of 100 the same. It will not end the silence. Say what is done about "
    "this matter, or send it as it is."
)
WARNED = {**ANSWER, "since": None, "look": {**LOOK, "verdict": VERDICT}}
NEWS = [line("answered", ago(minutes=3), by="Besnik Leka", text="answered", said="Ekipi vjen sot në orën 17.")]
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "desk-warned": ("desk", {**DESK, "answer": WARNED, "errors": {"answer": VERDICT}}),
    "desk-meanwhile": ("desk", {**DESK, "news": NEWS}),
    "answer-look": ("answer_look", {"look": WARNED["look"], "warned": False}),
    "case-here": ("case_here", {"here": ["Besnik Leka is reading", "Arta Hoxha is writing an answer"]}),
    "case-live": ("case_live", {**DESK, "fresh": True}),
}
FRAGMENTS = ("answer-look", "case-here", "case-live")

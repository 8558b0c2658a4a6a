"""Sample contexts of the weekly review's pack, of the page for the wall, and of its minutes."""

from tests.look.samples import REFERENCE, ago
from tests.look.samples_figures import MEETING

ROW: dict[str, object] = {
    "reference": REFERENCE,
    "url": f"https://velmora.example/staff/cases/{REFERENCE}",
    "title": "No water in Rruga e Kavajës since Monday, call me at [phone]",
    "lang": "en",
    "dir": "ltr",
    "facts": "Water, District 3 · Water supply · complaint · came 16 November 2026 · Besnik Leka",
    "silent": "silent 6 days",
    "why": "",
}
ARABIC: dict[str, object] = {**ROW, "title": "لا يوجد ماء منذ ثلاثة أيام", "lang": "ar", "dir": "rtl", "silent": ""}
VOICE: dict[str, object] = {
    "text": "Three hours in the cold, and then the counter shut.",
    "office": "Water, District 3",
    "staff": "",
    "rating": "1 of 5",
    "day": "17 November 2026",
    "reference": "",
    "url": "",
}


def _block(key: str, kind: str, title: str, rows: list[dict[str, object]], note: str = "") -> dict[str, object]:
    return {"key": key, "kind": kind, "title": title, "count": len(rows) + 3, "rows": rows, "note": note}


BLOCKS = [
    _block(
        "actions",
        "actions",
        "What we said we would do",
        [
            {
                "id": "a1", "text": "Answer the phone of the dispatch room until 20:00", "owner": "Arta Hoxha",
                "owner_id": "p1", "due": "13 November 2026", "late": True,
                "week": "promised in the review of 2 November 2026", "times": "came back 2 times",
                "reference": "D4KM-77RS", "url": "", "office": "Water, District 3",
            }
        ],
    ),
    _block("raised", "cases", "Handed up to us", [{**ROW, "why": "Water 3, Dafina Kola: it is not ours"}]),
    _block("overdue", "cases", "Past a deadline", [ROW, ARABIC], "And 31 more, not listed here."),
    _block(
        "causes",
        "causes",
        "Causes that came again",
        [{"text": "No spare key at the pump house", "count": 3, "cases": [{"reference": REFERENCE, "url": ""}]}],
    ),
    _block(
        "rushes",
        "rushes",
        "Far more than usual",
        [
            {
                "office": "Water, District 3", "service": "Water supply", "text": "40 instead of about 11",
                "since": "17 November 2026", "over": True, "words": "pump, Torvin",
            }
        ],
    ),
    _block("praise", "voices", "Thanks", [{**VOICE, "text": "She helped", "staff": "Drita Kola", "rating": ""}]),
    _block("worst", "voices", "Rated low, in their words", [VOICE]),
    _block("checks", "checks", "Closed cases to check", [ROW], "Drawn by lot from 38 that were closed in the week."),
]  # fmt: skip
PACK: dict[str, object] = {
    "review": {"url": MEETING["url"], "week": MEETING["week"], "office": MEETING["office"]},
    "may": True,
    "made_at": ago(hours=3),
    "figures": [{"value": "14", "text": "new"}, {"value": "6 days", "text": "longest silence"}],
    "blocks": BLOCKS,
    "plan": {"holds": True, "hour": "7", "checks": "5", "due": "Monday 23 November, 07:00"},
    "errors": {},
}
REVIEWS: dict[str, tuple[str, dict[str, object]]] = {
    "review-pack": ("review_pack", PACK),
    "review-pack-village": ("review_pack", {**PACK, "blocks": BLOCKS[2:3], "may": False, "plan": None}),
    "review-pack-nothing": ("review_pack", {**PACK, "blocks": [], "figures": [{"value": "0", "text": "new"}]}),
    "review-pack-none": ("review_pack", {**PACK, "made_at": None, "blocks": [], "figures": []}),
    "review-pack-wrong": ("review_pack", {**PACK, "errors": {"hour": "Give a full hour from 0 to 23."}}),
}

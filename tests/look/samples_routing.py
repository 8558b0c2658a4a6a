"""Sample context of the pages that explain routing."""

from tests.look.samples import REFERENCE, SERVICES, ago

ANSWER: dict[str, object] = {
    "office": "North Water Works",
    "code": "WAT1",
    "reason": "No water or low pressure in Kelda is answered by North Water Works; the text was understood as No water"
    " or low pressure, 91% sure.",
    "triage": False,
    "place": "Kelda",
    "steps": [
        {"what": "Place", "said": "the spot on the map lies in Kelda, inside North Region", "decided": False},
        {"what": "Integrity", "said": "nothing found", "decided": False},
        {"what": "Code", "said": "none", "decided": False},
        {"what": "Service picked", "said": "none", "decided": False},
        {"what": "Understood as", "said": "No water or low pressure, 91%: sure enough", "decided": False},
        {"what": "Rule", "said": "No rule for No water or low pressure fits the place.", "decided": False},
        {"what": "Rule", "said": "All of “water” in Kelda → WAT1, since 2026-01-01.", "decided": True},
    ],
    "candidates": [
        {"service": "No water or low pressure", "office": "North Water Works (WAT1)", "probability": 0.91,
         "words": ["no water", "dry taps"]},
        {"service": "Dirty tap water", "office": "North Water Works (WAT1)", "probability": 0.05, "words": []},
    ],
    "model": "20261123-0400",
    "rule": "All of “water” in Kelda → WAT1, since 2026-01-01",
    "rule_url": "/staff/rules/7",
    "shut_out": ["North Water Works (WAT1)", "National Water Authority (WAT)"],
}  # fmt: skip
_TYPED = {"text": "", "place": "", "service": "", "office": "", "language": "", "at": ""}
_PAGE: dict[str, object] = {
    "typed": _TYPED, "errors": {}, "answer": None, "services": SERVICES, "languages": ["en", "sq", "bn", "ru"],
}  # fmt: skip
_HOP: dict[str, object] = {
    "kind": "routed", "at": ago(days=3), "office": "North Water Works", "reason": str(ANSWER["reason"]), "by": "",
    "confidence": 0.91, "model": "20261123-0400", "rule": str(ANSWER["rule"]), "rule_url": "/staff/rules/7",
    "given": ["place Kelda", "a spot on the map"], "kept_back": False,
}  # fmt: skip
_PLAIN: dict[str, object] = {
    **_HOP, "confidence": None, "model": "", "rule": "", "rule_url": "", "given": [], "by": "Arta Hoxha",
}  # fmt: skip

ROUTING: dict[str, tuple[str, dict[str, object]]] = {
    "routing": ("routing", _PAGE),
    "routing-answer": (
        "routing",
        {**_PAGE, "typed": {**_TYPED, "text": "no water in Kelda, dry taps", "at": "41.95,19.95"}, "answer": ANSWER},
    ),
    "routing-errors": (
        "routing",
        {
            **_PAGE,
            "typed": {**_TYPED, "at": "north"},
            "errors": {"text": "Write what a citizen might write.", "at": "'north' is no spot on the map."},
        },
    ),
    "case-routing": (
        "case_routing",
        {
            "reference": REFERENCE,
            "office": "Torvin Water Works",
            "hops": [
                _HOP,
                {**_PLAIN, "kind": "transferred", "office": "Torvin Water Works", "reason": "The main is theirs."},
                {**_PLAIN, "kind": "accepted", "office": "Torvin Water Works", "reason": "", "by": "Besnik Leka"},
            ],
            "today": ANSWER,
        },
    ),
    "case-routing-kept-back": (
        "case_routing",
        {
            "reference": REFERENCE,
            "office": "Central Triage Desk",
            "hops": [
                {**_PLAIN, "office": "Integrity Office", "reason": "", "by": "", "kept_back": True},
                {**_PLAIN, "kind": "released", "office": "", "reason": "", "kept_back": True},
            ],
            "today": None,
        },
    ),
}

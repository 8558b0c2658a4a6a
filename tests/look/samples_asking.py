# ruff: noqa: E501  (tables of samples)
"""The pages about who is asked: plans, what they come to, and what surveys cost."""

from cases.asking_plans import Given

PLAN: dict[str, object] = {
    "share": 1.0,
    "target": None,
    "delay": 3600,
    "rest": 30,
    "reminder": 0,
    "notice": 0,
    "channels": [],
}
AIMED: dict[str, object] = {**PLAN, "target": 40, "reminder": 3, "notice": 2, "channels": ["telegram", "sms", "email"]}
BUDGET: dict[str, object] = {
    "code": "", "title": "", "amount": 2500.0, "spent": 1220.4, "foreseen": 2498.2, "unlimited": 4310.0, "segments": 30_510.0, "factor": 0.41, "full": False,
    "gone": 0.77, "used": 0.488, "seen": "x",
}  # fmt: skip
LIST: dict[str, object] = {
    "rows": [
        {"code": "", "title": "All other services", "plan": PLAN, "sent": 0, "answered": 0, "monthly": 0},
        {"code": "passport", "title": "Passport renewal", "plan": AIMED, "sent": 1284, "answered": 331, "monthly": 5210.0},
        {"code": "birth", "title": "Birth certificate", "plan": {**PLAN, "share": 0.15}, "sent": 90, "answered": 20, "monthly": 800.0},
    ],
    "without": [{"code": "water", "name": "Water supply"}], "priced": True, "currency": "EUR", "editable": True, "given": {"office": "", "amount": ""},
    "budgets": [BUDGET, {**BUDGET, "code": "WAT", "title": "National Water Authority", "amount": 300.0, "spent": 299.98, "full": True, "factor": 0.0, "used": 1.0},
                {**BUDGET, "code": "CIV", "title": "Civil Registry", "amount": 900.0, "spent": 12.0, "foreseen": 130.0, "factor": 1.0, "used": 0.01, "segments": 1.0}],
    "offices": ["National Water Authority (WAT)"], "matches": [], "errors": {},
}  # fmt: skip
ONE: dict[str, object] = {
    "code": "passport", "title": "Passport renewal", "own": True, "given": Given("target", "100", "40", "60", "30", "3", "2", ("telegram", "sms")),
    "looking": False, "plan": AIMED, "total": {"transactions": 5210, "asked": 830, "answers": 214, "chance": 0.0},
    "offices": [{"office": "Service Centre Korvin", "service": "Passport renewal", "transactions": 1200, "asked": 160, "answers": 40, "chance": 0.133},
                {"office": "Service Centre Kombinat and the Hills Beyond", "service": "Passport renewal", "transactions": 90, "asked": 90, "answers": 22, "chance": 1.0}],
    "sent": 10_204, "answered": 2620, "ways": ["sms", "whatsapp", "telegram", "email"], "seen": "x", "editable": True,
    "changes": [{"kind": "Who is asked", "title": "Passport renewal", "by": "Rupert Saltmarsh", "at": None, "what": "changed", "differences": []}],
    "errors": {},
}  # fmt: skip


def pages() -> dict[str, tuple[str, dict[str, object]]]:
    """Staff's samples; made in a function, as the others import each other."""
    from tests.look.samples import NOW  # that module shows what this one makes

    one = {**ONE, "changes": [{**ONE["changes"][0], "at": NOW}]}  # type: ignore[index]
    return {
        "asking": ("asking", LIST),
        "asking-read": ("asking", {**LIST, "editable": False, "priced": False, "budgets": [{**BUDGET, "amount": None, "used": None, "factor": 1.0}]}),
        "asking-wrong": ("asking", {**LIST, "given": {"office": "Nowhere", "amount": "x"}, "errors": {"office": "No open office is so called.", "amount": "Write a number from 0 to 1e+09 (EUR)."}}),
        "asking-plan": ("asking_plan", one),
        "asking-plan-look": ("asking_plan", {**one, "looking": True, "plan": {**PLAN, "share": 0.15, "rest": 0}, "own": False}),
        "asking-plan-others": ("asking_plan", {**one, "code": "", "title": "All other services", "offices": [], "total": {"transactions": 0}, "changes": []}),
        "asking-plan-wrong": ("asking_plan", {**one, "errors": {"share": "Write a number from 0 to 100 (percent).", "notice": "The notice would come before the service was over: the question follows 60 minutes later."}}),
        "asking-plan-read": ("asking_plan", {**one, "editable": False}),
    }  # fmt: skip

"""Realistic context for every template, one name per state of a page. Also what the style guide and screenshots are made of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup
from segno import make_qr

NOW = datetime(2026, 11, 24, 13, 20, tzinfo=UTC)
REFERENCE = "K7QF-3M9X"
OFFICE = {"code": "sc-kombinat", "name": "Service Centre Kombinat"}
TEXT = "There has been no water in Rruga e Kavajës since Monday. The pump house is locked and nobody answers the phone."


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in officer of the samples."""

    name: str = "Arta Hoxha"
    office_name: str = "Water, District 3"
    roles: frozenset[str] = frozenset({"officer", "triage", "head"})
    language: str = "en"
    unread: int = 3


def ago(**kwargs: float) -> datetime:
    return NOW - timedelta(**kwargs)


VALUES = {"text": TEXT, "service": "water", "place": "d3", "answer": "phone", "phone": "069 123 4567", "name": "", "about_staff": ""}
EMPTY = dict.fromkeys(VALUES, "")
SERVICES = [
    {"label": "Water and sewage", "options": [{"code": "water", "name": "Water supply"}, {"code": "sewage", "name": "Sewage"}]},
    {"label": "Papers", "options": [{"code": "passport", "name": "Passport renewal"}, {"code": "birth", "name": "Birth certificate"}]},
]
PLACES = [{"label": "Region Centre", "options": [{"code": "d3", "name": "District 3"}, {"code": "d7", "name": "District 7"}]}]
REASONS = [
    {"code": "wait", "text": "I waited too long"}, {"code": "rude", "text": "Staff were unfriendly"},
    {"code": "again", "text": "I have to come again"}, {"code": "paid", "text": "I was asked for extra money"},
]
REPORT = {
    "step": "what", "values": EMPTY, "errors": {}, "form_id": "0192a3", "hidden": {"source": "poster-12"}, "services": SERVICES,
    "places": PLACES, "service_name": "", "place_name": "", "answer_days": 3,
}
CASE = {
    "reference": REFERENCE, "state": "open", "office": "Water, District 3", "confidential": False, "opened_at": ago(hours=22, minutes=10),
    "silent_seconds": 79800, "silent_since": ago(hours=22, minutes=10), "due_at": NOW + timedelta(hours=2), "late": False,
    "answered_at": None, "outcome": None,
}
PUBLIC_TIMELINE = [
    {"at": ago(hours=20), "kind": "assigned", "by": "Water, District 3", "said": "", "ours": False},
    {"at": ago(hours=22), "kind": "acknowledged", "by": "", "said": "", "ours": False},
    {"at": ago(hours=22), "kind": "routed", "by": "Water, District 3", "said": "", "ours": False},
    {"at": ago(hours=22, minutes=10), "kind": "received", "by": "", "said": "", "ours": False},
]
TALK = [
    {"at": ago(hours=1), "kind": "answered", "by": "Water, District 3", "said": "Our team is at the pump. Water is back by 18:00.\nWe are sorry for the wait.", "ours": True},
    {"at": ago(hours=5), "kind": "escalated", "by": "", "said": "", "ours": False},
    *PUBLIC_TIMELINE[:-1],
    {"at": ago(hours=22, minutes=10), "kind": "received", "by": "", "said": TEXT, "ours": False},
]
TRACKED = {"case": CASE, "timeline": PUBLIC_TIMELINE, "unlock": "", "errors": {}, "sent": False}
QR = Markup(make_qr("https://ombud.example/track/K7QF-3M9X").svg_inline(scale=4, svgclass=None, lineclass=None, omitsize=True))
EXIT = {"step": "rate", "office": OFFICE, "visit": "v1", "rating": 0, "reasons": REASONS, "errors": {}, "values": {"reasons": [], "words": "", "phone": ""}}
SURVEY = {
    "step": "rate", "token": "tQ8", "service": "Passport renewal", "office": "Civil registry, Centre 12", "completed_on": date(2026, 11, 23),
    "rating": 0, "reasons": REASONS, "values": {"reasons": [], "words": ""}, "errors": {}, "reference": "",
}

CITIZEN: dict[str, tuple[str, dict[str, object]]] = {
    "start": ("start", {"answer_days": 3, "contacts": [
        {"channel": "sms", "name": "+355 69 000 0000", "url": "sms:+355690000000"},
        {"channel": "telegram", "name": "@velmora_bot", "url": "https://t.me/velmora_bot"},
        {"channel": "voice", "name": "129, Monday to Friday", "url": ""},
    ]}),
    "report-what": ("report", REPORT),
    "report-what-wrong": ("report", {**REPORT, "errors": {"text": "Write what happened, in a few words at least."}}),
    "report-where": ("report", {**REPORT, "step": "where", "values": VALUES}),
    "report-how": ("report", {**REPORT, "step": "how", "values": {**VALUES, "phone": ""}}),
    "report-how-wrong": ("report", {**REPORT, "step": "how", "values": {**VALUES, "phone": "12"}, "errors": {
        "phone": "This number is too short. Write it as 069 123 4567.", "answer": "Choose how we shall answer."}}),
    "report-check": ("report", {**REPORT, "step": "check", "values": {**VALUES, "about_staff": "yes"}, "service_name": "Water supply", "place_name": "District 3"}),
    "receipt": ("receipt", {"reference": REFERENCE, "pin": "4821", "office": "Water, District 3", "confidential": False, "opened_at": NOW,
                            "due_at": NOW + timedelta(days=3), "by_phone": "567", "qr": QR, "track_url": "https://ombud.example/track/K7QF-3M9X"}),
    "receipt-anonymous": ("receipt", {"reference": REFERENCE, "pin": "4821", "office": "", "confidential": True, "opened_at": NOW,
                                      "due_at": NOW + timedelta(days=3), "by_phone": "", "qr": "", "track_url": "https://ombud.example/track/K7QF-3M9X"}),
    "track": ("track", {"reference": "", "errors": {}}),
    "track-wrong": ("track", {"reference": "K7QF-3M9Z", "errors": {"reference": "There is no such number. Look at each letter again."}}),
    "tracked": ("tracked", TRACKED),
    "tracked-late": ("tracked", {**TRACKED, "case": {**CASE, "late": True, "silent_seconds": 345600}, "errors": {"code": "That is not the right PIN. Four tries are left."}}),
    "tracked-answered": ("tracked", {**TRACKED, "case": {**CASE, "state": "answered", "silent_seconds": None, "silent_since": None, "answered_at": ago(hours=1)}, "timeline": TALK, "unlock": "x1", "sent": True}),
    "tracked-closed": ("tracked", {**TRACKED, "case": {**CASE, "state": "closed", "confidential": True, "silent_seconds": None, "outcome": "upheld", "answered_at": ago(hours=1), "due_at": None}}),
    "tracked-waiting": ("tracked", {**TRACKED, "case": {**CASE, "state": "waiting"}}),
    "exit": ("exit", EXIT),
    "exit-why": ("exit", {**EXIT, "step": "why", "rating": 2}),
    "exit-why-wrong": ("exit", {**EXIT, "step": "why", "rating": 5, "errors": {"phone": "This number is too short."}}),
    "exit-thanks": ("exit_thanks", {"office": OFFICE, "reference": "", "seconds": 8}),
    "exit-thanks-case": ("exit_thanks", {"office": OFFICE, "reference": REFERENCE, "seconds": 0}),
    "survey": ("survey", SURVEY),
    "survey-why": ("survey", {**SURVEY, "step": "why", "rating": 2}),
    "survey-thanks": ("survey", {**SURVEY, "step": "thanks", "rating": 2, "reference": REFERENCE}),
    "survey-thanks-plain": ("survey", {**SURVEY, "step": "thanks", "rating": 5}),
    "survey-gone": ("survey", {**SURVEY, "step": "gone", "service": "", "office": "", "completed_on": None}),
    "error-404": ("error", {"status": 404, "message": "", "mend": ""}),
    "error-500": ("error", {"status": 500, "message": "", "mend": ""}),
    "error-429": ("error", {"status": 429, "message": "Too many numbers were tried from this network.", "mend": "Wait ten minutes."}),
}

OFFICES = [{"label": "Districts", "options": [{"code": "water-d3", "name": "Water, District 3"}, {"code": "water-d7", "name": "Water, District 7"}]}]
PEOPLE = [{"id": "p1", "name": "Arta Hoxha"}, {"id": "p2", "name": "Besnik Leka"}]


def row(reference: str, title: str, **values: object) -> dict[str, object]:
    return {"reference": reference, "title": title, "state": "open", "channel": "sms", "language": "en", "left_seconds": 7200, "tone": "soon",
            "share": 0.75, "silent_seconds": 79800, "office": "", "assignee": "Arta Hoxha", **values}


QUEUE = [
    row("M2HD-88TA", "Bill for an empty flat, third time", channel="telegram", left_seconds=-14400, tone="late", share=1.0, silent_seconds=259200, assignee=""),
    row(REFERENCE, "S'kemi ujë në Rrugën e Kavajës që të hënën", language="sq", tone="late", share=0.92),
    row("P9WX-41KC", "Manhole without a cover near School 12", channel="web", left_seconds=18000, share=0.7, silent_seconds=18000),
    row("T3VN-62QE", "Мастер не пришёл второй раз", language="ru", left_seconds=90000, tone="calm", share=0.22, silent_seconds=7200),
    row("B6RY-90ZD", "Which meter number?", channel="kiosk", state="waiting", left_seconds=None, silent_seconds=None),
]
STAFF_CASE = {
    "reference": REFERENCE, "title": "S'kemi ujë në Rrugën e Kavajës që të hënën", "state": "open", "kind": "complaint", "channel": "sms", "language": "sq",
    "service": "Water supply", "office": "Water, District 3", "place": "District 3",
    "routing_reason": "The words are about water supply (97% sure), and Rruga e Kavajës lies in District 3.", "routing_confidence": 0.97,
    "text": "S'kemi ujë", "opened_at": ago(hours=22), "silent_seconds": 79800, "answered_at": None, "left_seconds": 7200, "due_at": NOW + timedelta(hours=2),
    "tone": "late", "next_rung": {"who": "your head", "at": NOW + timedelta(hours=2)}, "assignee": "Arta Hoxha", "mine": True, "confidential": False,
    "contact": "phone ending 567", "reachable": True, "acceptance": False,
    "earlier": [{"reference": "D4KM-77RS", "title": "Low pressure on the fourth floor", "state": "closed", "rating": 2}],
}
HISTORY = [
    {"kind": "received", "at": ago(hours=22), "by": "Citizen", "text": "", "said": "S'kemi ujë në Rrugën e Kavajës që të hënën. Kabina e pompës është e mbyllur dhe askush nuk përgjigjet në telefon.", "ours": False, "note": False},
    {"kind": "acknowledged", "at": ago(hours=22), "by": "", "text": "", "said": "", "ours": False, "note": False},
    {"kind": "routed", "at": ago(hours=22), "by": "", "text": "routed to Water, District 3 by place and service", "said": "", "ours": False, "note": False},
    {"kind": "noted", "at": ago(hours=3), "by": "Besnik Leka", "text": "", "said": "The pump team was told at 10.", "ours": False, "note": True},
    {"kind": "escalated", "at": ago(hours=1), "by": "", "text": "half the time is used: the supervisor was told", "said": "", "ours": False, "note": False},
]
DESK = {
    "explicit": True, "queue": QUEUE, "opened": REFERENCE, "queue_total": 12, "case": STAFF_CASE, "timeline": HISTORY, "version": 6,
    "may": {"answer", "note", "transfer", "close", "assign", "take"}, "offices": OFFICES, "people": PEOPLE, "outcomes": ["upheld", "answered", "duplicate"],
    "saved_replies": [{"id": "s1", "title": "Team on its way", "text": "Ekipi ynë është në rrugë."}],
    "form": {"answer": "Ekipi ynë është te pompa. Uji kthehet sot deri në orën 18.", "note": "", "reason": ""}, "errors": {},
}
TALKED = {"kind": "answered", "at": ago(minutes=5), "by": "Arta Hoxha", "text": "", "said": "Ekipi ynë është te pompa.", "ours": True, "note": False}
TRIAGE = {"total": 2, "services": SERVICES, "offices": OFFICES, "errors": {}, "items": [
    {"reference": "H8QW-12LP", "text": "they took my papers and now nobody knows where, three offices already", "channel": "telegram", "language": "en", "opened_at": ago(hours=4),
     "silent_seconds": 14400, "reason": "Civil registry or land registry: the classifier is 41% sure, below the threshold of 70%.", "suggestions": [
        {"service": "birth", "name": "Birth certificate", "office": "civil-12", "office_name": "Civil registry, Centre 12", "probability": 0.41},
        {"service": "land", "name": "Land title", "office": "cad-n", "office_name": "Cadastre, Region North", "probability": 0.3}]},
    {"reference": "Z2XC-55VB", "text": "হ্যালো, কেউ কি আছেন?", "channel": "sms", "language": "bn", "opened_at": ago(hours=1), "silent_seconds": 3600, "reason": "Too few words to tell.", "suggestions": []},
]}


def office(name: str, silent: int, n: int, median: float | None, low: float, high: float, tone: str) -> dict[str, object]:
    return {"office": name, "url": "/staff/search?q=office", "silent": silent, "n": n, "median": median, "low": low, "high": high, "tone": tone,
            "spark": [20.0, 24.0, None, 31.0, 40.0, median]}


LEADERSHIP = {
    "headline": "Half of all citizens now wait 31 hours for an answer, six more than last week. Two district water offices make up most of it.",
    "scope": "Republic of Velmora", "period": "week 47, 2026, compared with week 46",
    "figures": [
        {"value": "31 h", "text": "median silence, 6 h more", "tone": "", "note": "95% interval 29 to 33, n 4,812", "definition": "Half of all citizens got a human answer within this time; those still waiting are counted.", "url": ""},
        {"value": "9.4 days", "text": "one in ten waits longer", "tone": "", "note": "", "definition": "The 90th percentile.", "url": ""},
        {"value": "1,206", "text": "silent now, 212 past their target", "tone": "late", "note": "", "definition": "", "url": "/staff/search?q=silent"},
        {"value": "41 days", "text": "longest silence", "tone": "late", "note": "", "definition": "", "url": "/staff/cases/K7QF-3M9X"},
        {"value": "3.6", "text": "of 5 after a service", "tone": "", "note": "22% answered", "definition": "", "url": ""}],
    "act": [office("Water, District 3", 311, 640, 96, 88, 107, "late"), office("Water, District 7", 187, 402, 71, 66, 80, "late"),
            office("Cadastre, Region North", 64, 141, 38, 30, 55, "soon"), office("Civil registry, Centre 12", 9, 22, 14, 8, 26, "well"), office("Health, District 1", 2, 3, None, 0, 0, "")],
    "scale": 110, "national": 31, "small_n": 30,
    "trend": {"values": [24, 26, 23, 25, 27, 25, 24, 26, 25, 28, 30, 39], "band": (22, 29), "first": "week 36", "last": "week 47", "now": "39 h", "label": "Median silence by week, rising out of its usual band in week 47"},
    "ratings": [{"service": "Water supply", "n": 310, "mean": 2.6, "low": 2.4, "high": 2.8, "tone": "late"}, {"service": "Passport renewal", "n": 95, "mean": 4.1, "low": 3.9, "high": 4.3, "tone": "well"}],
    "definitions": [{"term": "Silence", "text": "Time from the citizen's message until a human answer reached the citizen."}],
}
ACTION = {"what": "Spare key of the pump house to the duty team", "owner": "Besnik Leka", "due_on": date(2026, 11, 27), "done": False}
ITEM = {"reference": REFERENCE, "title": "No water in Rruga e Kavajës since Monday", "language": "en", "office": "Water, District 3", "opened_at": ago(days=2),
        "silent_seconds": 79800, "rating": None, "kind": "complaint", "finding": None, "actions": []}
REVIEW = {
    "review": {"id": "r1", "week": date(2026, 11, 16), "office": "Water, District 3", "closed": False, "chair": "Dafina Kola"},
    "headline": "14 complaints came in, five are overdue, and one pump house is behind nine of them.",
    "counts": [{"value": "14", "text": "new", "tone": ""}, {"value": "5", "text": "overdue", "tone": "late"}, {"value": "6 days", "text": "longest silence", "tone": "late"}, {"value": "2.6", "text": "of 5, n 31", "tone": ""}],
    "carried": [{"id": "a1", "what": "Answer the phone of the dispatch room until 20:00", "owner": "Arta Hoxha", "due_on": date(2026, 11, 13), "late": True, "from_week": date(2026, 11, 9), "reference": "D4KM-77RS"}],
    "sections": [
        {"key": "new", "title": "New last week", "empty": "None.", "cases": [ITEM, {**ITEM, "reference": "P9WX-41KC", "title": "Мастер не пришёл", "language": "ru", "silent_seconds": None, "finding": {"why": "No spare key.", "decision": "A key for the duty team."}, "actions": [ACTION]}]},
        {"key": "overdue", "title": "Overdue", "empty": "None.", "cases": [ITEM]},
        {"key": "silent", "title": "Longest silent", "empty": "Nobody is waiting.", "cases": []},
        {"key": "low", "title": "Rated low", "empty": "None.", "cases": [{**ITEM, "rating": 1, "silent_seconds": None}]}],
    "people": PEOPLE, "default_due": date(2026, 11, 30), "errors": {},
}
STAFF: dict[str, tuple[str, dict[str, object]]] = {
    "signin": ("signin", {"email": "", "error": "", "next": "/staff", "samples": [{"name": "Arta Hoxha", "email": "arta@velmora.example", "role": "officer, Water, District 3"}], "sample_password": "velmora"}),
    "signin-wrong": ("signin", {"email": "a@b.example", "error": "E-mail and password do not go together.", "next": "/staff", "samples": [], "sample_password": ""}),
    "desk": ("desk", DESK),
    "desk-overview": ("desk", {**DESK, "explicit": False, "may": {"note"}, "flash": {"text": "Transferred to Water, District 7.", "tone": "well", "undo": "/staff/undo/1"}}),
    "desk-empty": ("desk", {**DESK, "case": None, "queue": [], "queue_total": 0, "opened": ""}),
    "desk-wrong": ("desk", {**DESK, "errors": {"office": "Choose the office it belongs to.", "reason": "Say why it is theirs."}}),
    "desk-answered": ("desk", {**DESK, "timeline": [*HISTORY, TALKED], "case": {**STAFF_CASE, "state": "answered", "silent_seconds": None, "left_seconds": None, "due_at": None, "answered_at": NOW, "next_rung": None, "earlier": [], "confidential": True, "acceptance": True, "reachable": False}}),
    "queue": ("queue", {"queue": QUEUE, "opened": REFERENCE, "queue_total": 5}),
    "triage": ("triage", TRIAGE),
    "triage-empty": ("triage", {**TRIAGE, "items": [], "total": 0}),
    "notices": ("notices", {"newer": "", "older": "/staff/notices?before=1", "notices": [
        {"text": "M2HD-88TA is 4 hours over its target.", "at": ago(hours=1), "reference": "M2HD-88TA", "unread": True}, {"text": "The weekly review is ready.", "at": ago(days=1), "reference": "", "unread": False}]}),
    "notices-empty": ("notices", {"newer": "", "older": "", "notices": []}),
    "leadership": ("leadership", LEADERSHIP),
    "leadership-empty": ("leadership", {**LEADERSHIP, "act": [], "ratings": [], "national": None, "trend": {**LEADERSHIP["trend"], "values": [None, 3.0], "band": None}}),  # type: ignore[dict-item]
    "survey-results": ("survey_results", {"period": "November 2026", "asked": 420, "answered": 95, "rows": [
        {"service": "Water supply", "office": "", "n": 310, "mean": 2.6, "low": 2.4, "high": 2.8, "tone": "late", "words": ["waited two hours"]}]}),
    "survey-results-empty": ("survey_results", {"period": "November 2026", "asked": 0, "answered": 0, "rows": []}),
    "review": ("review", REVIEW),
    "review-closed": ("review", {**REVIEW, "carried": [], "review": {**REVIEW["review"], "closed": True}}),  # type: ignore[dict-item]
    "review-list": ("review_list", {"newer": "", "older": "", "reviews": [{"id": "r1", "week": date(2026, 11, 16), "office": "Water, District 3", "closed": False, "cases": 14, "open_actions": 2}, {"id": "r0", "week": date(2026, 11, 9), "office": "Water, District 3", "closed": True, "cases": 1, "open_actions": 0}]}),
    "account": ("account", {"roles": [{"role": "officer", "office": "Water, District 3"}], "email": "arta@velmora.example", "sessions": [{"agent": "Firefox on Linux", "created_at": ago(hours=2), "current": True}]}),
}

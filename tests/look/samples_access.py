# ruff: noqa: E501  (tables of samples)
"""Signing in, one's account, staff and keys."""

from datetime import timedelta

from markupsafe import Markup

from api.importing import HINTS
from cases.sheets.kinds import SHEETS, Kind
from cases.staffing import Given
from tests.look.samples import NOW, QR, ago
from tests.look.samples_admin import CHANGES
from tests.look.samples_timing import PREVIEW

SIGN_IN: dict[str, object] = {
    "email": "", "error": "", "next": "/staff", "sample_password": "velmora", "provider": "", "by_password": True, "glass": False,
    "samples": [{"name": "Arta Hoxha", "email": "arta@velmora.example", "role": "officer, Water, District 3"}],
}  # fmt: skip
LINK: dict[str, object] = {
    "token": "x",
    "name": "Arta Hoxha",
    "email": "arta@velmora.example",
    "invited": True,
    "until": NOW + timedelta(days=3),
    "errors": {},
    "shortest": 12,
}
SQUARE: dict[str, object] = {
    "square": Markup(QR),
    "secret": "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
    "ticket": "s.x",
    "inside": False,
    "errors": {},
}
SESSIONS = [
    {"id": "s1", "device": "Firefox, Linux", "since": ago(hours=2), "seen": NOW, "current": True},
    {"id": "s2", "device": "", "since": ago(days=1), "seen": ago(hours=3), "current": False},
]
ACCOUNT: dict[str, object] = {
    "roles": [{"role": "officer", "office": "Water, District 3"}], "email": "arta@velmora.example", "by_password": True,
    "factor": {"since": None, "needed": True, "left": 0}, "sessions": SESSIONS, "errors": {},
}  # fmt: skip
PERSON_ROW: dict[str, object] = {
    "id": "p1", "name": "Arta Hoxha", "email": "arta@velmora.example", "roles": [{"role": "officer", "office": "Torvin Water Works"}],
    "active": True, "waiting": False, "factor": True, "seen": ago(hours=3),
}  # fmt: skip
SHOWS = {"": "Who work here", "left": "Who have left"}
PEOPLE: dict[str, object] = {
    "people": [PERSON_ROW, {**PERSON_ROW, "id": "p2", "name": "Bujar Leka", "waiting": True, "factor": False, "seen": None, "email": ""},
               {**PERSON_ROW, "id": "p3", "name": "Rupert Saltmarsh of the Ministry for Everything Else", "active": False, "roles": []}],
    "total": 3, "q": "", "office": "", "role": "", "show": "", "shows": SHOWS, "roles": ["officer", "head"], "offices": ["Torvin Water Works (WAT2)"],
    "may_add": True, "newer": "", "older": "/staff/people?page=1",
}  # fmt: skip
FACTS: dict[str, object] = {
    "active": True, "me": False, "waiting": False, "factor": ago(days=40), "locked": NOW + timedelta(minutes=3),
    "roles": [{"id": "r1", "role": "officer", "office": "Torvin Water Works", "since": ago(days=90), "by": "Rupert Saltmarsh", "until": "2026-12-08", "over": False, "may_take": True},
              {"id": "r2", "role": "auditor", "office": "Prime Minister's Office", "since": None, "by": "", "until": "", "over": False, "may_take": False},
              {"id": "r3", "role": "head", "office": "Torvin Water Works", "since": ago(days=30), "by": "", "until": "2026-11-20", "over": True, "may_take": True}],
    "sessions": SESSIONS, "link": {"until": NOW + timedelta(days=2), "mail": "failed", "failed": True},
}  # fmt: skip
PERSON: dict[str, object] = {
    "id": "p1", "title": "Arta Hoxha", "given": Given("Arta Hoxha", "arta@velmora.example", "en"), "seen": "x", "facts": FACTS, "manages": True,
    "may_give": True, "roles": ["officer", "head"], "offices": ["Torvin Water Works (WAT2)"], "picks": [], "mails": True, "link": "", "changes": CHANGES, "errors": {},
}  # fmt: skip
KEY: dict[str, object] = {
    "prefix": "a1b2c3d4", "name": "Civil registry", "scope": "write", "office": "Civil Registry", "made": ago(days=80), "by": "Rupert Saltmarsh",
    "used": ago(hours=1), "ends": NOW + timedelta(days=200), "state": "",
}  # fmt: skip
KEYS: dict[str, object] = {
    "keys": [KEY, {**KEY, "prefix": "b1", "name": "Open data", "scope": "read", "office": "", "by": "", "used": None, "ends": None},
             {**KEY, "prefix": "b2", "state": "ended"}, {**KEY, "prefix": "b3", "state": "over"}],
    "scopes": [{"code": "read", "about": "Reads cases, with names and numbers struck out, and figures."}, {"code": "write", "about": "Reads, brings in cases, and reports completed services."}],
    "offices": ["Civil Registry (CIV)"], "wide": True, "may_make": True, "secret": "", "given": {"name": "", "scope": "", "office": "", "until": ""}, "errors": {},
}  # fmt: skip
IMPORT: dict[str, object] = {
    "kinds": [{"code": "offices", "title": "Offices"}, {"code": "staff", "title": "Staff"}], "kind": "staff", "title": "Staff",
    "hint": "", "columns": ["email", "name", "roles", "language", "active"], "needed": ("email", "name", "roles"), "report": None, "refused": None, "name": "", "text": "", "unit": "line",
}  # fmt: skip
EFFECTS: dict[str, object] = {
    "dry": True, "added": 1, "changed": 1, "same": 12, "moved": 0, "links": 0, "more": 3, "stamp": "x", "recount": None,
    "lines": [{"number": 2, "title": "nila@velmora.example", "what": "added", "differences": []},
              {"number": 5, "title": "arta@velmora.example", "what": "changed", "differences": [{"what": "roles", "before": "officer@WAT1", "after": "officer@WAT1;head@WAT2"}]}],
}  # fmt: skip
ACCESS: dict[str, tuple[str, dict[str, object]]] = {
    "signin": ("signin", SIGN_IN),
    "signin-wrong": ("signin", {**SIGN_IN, "email": "a@b.example", "error": "E-mail and password do not go together.", "samples": [], "sample_password": ""}),
    "signin-provider": ("signin", {**SIGN_IN, "provider": "the government's directory", "by_password": False, "glass": True, "samples": []}),
    "signin-code": ("signin_code", {"ticket": "s.x", "errors": {"code": "This code opens nothing."}}),
    "signin-forgot": ("signin_forgot", {"mails": True, "sent": False, "error": ""}),
    "signin-forgot-empty": ("signin_forgot", {"mails": True, "sent": False, "error": "Type the address."}),
    "signin-forgot-sent": ("signin_forgot", {"mails": True, "sent": True, "error": ""}),
    "signin-forgot-nomail": ("signin_forgot", {"mails": False, "sent": False, "error": ""}),
    "signin-link": ("signin_link", LINK),
    "signin-link-reset": ("signin_link", {**LINK, "invited": False, "errors": {"new": "Choose 12 to 200 letters or digits.", "again": "These two are not the same."}}),
    "signin-set-up": ("second_factor", SQUARE),
    "factor": ("second_factor", {**SQUARE, "inside": True, "since": None, "left": 0, "needed": False, "errors": {"code": "Not these.", "current": "This is not your password."}}),
    "factor-set": ("second_factor", {**SQUARE, "inside": True, "since": ago(days=3), "left": 8, "needed": False}),
    "recovery-codes": ("recovery_codes", {"codes": [f"abcd{n}-fghj{n}" for n in range(10)], "next": "/staff"}),
    "account": ("account", {**ACCOUNT, "errors": {"new": "Choose 12 to 200 letters or digits."}}),
    "account-factor": ("account", {**ACCOUNT, "factor": {"since": ago(days=40), "needed": True, "left": 1}, "sessions": SESSIONS[:1]}),
    "keys": ("keys", {**KEYS, "secret": "ombud_a1b2c3d4_" + "x" * 43}),
    "keys-wrong": ("keys", {**KEYS, "keys": [], "errors": {"name": "Name the system.", "scope": "Choose what it may do.", "office": "No open office is called so.", "until": "Write a day such as 2027-06-30."}}),
    "keys-read": ("keys", {**KEYS, "may_make": False}),
    "import": ("import", IMPORT),
    "import-look": ("import", {**IMPORT, "name": "staff.csv", "text": "email,name\nx,</textarea>", "report": EFFECTS}),
    "import-policies": ("import", {**IMPORT, "kind": "policies", "title": "Policies", "name": "policies.csv", "text": "x", "hint": HINTS[Kind.policies], "columns": SHEETS[Kind.policies].columns, "report": {**EFFECTS, "recount": {**PREVIEW, "lines": []}}}),
    "import-done": ("import", {**IMPORT, "kind": "areas", "name": "areas.geojson", "report": {**EFFECTS, "dry": False, "moved": 7, "links": 1, "lines": [], "more": 0}}),
    "import-refused": ("import", {**IMPORT, "name": "staff.csv", "refused": {"message": "1 line of staff.csv cannot be used, so nothing was changed:", "mend": "Mend them and import the file again.", "lines": {"line 3": "'king' is no role"}}}),
    "people": ("people", PEOPLE),
    "people-none": ("people", {**PEOPLE, "people": [], "total": 0, "may_add": False, "older": "", "q": "xyz"}),
    "person": ("person", PERSON),
    "person-link": ("person", {**PERSON, "link": "https://voice.example.org/staff/sign-in/link/" + "0123456789abcdef" * 4, "facts": {**FACTS, "waiting": True, "factor": None, "locked": None, "sessions": []}}),
    "person-left": ("person", {**PERSON, "facts": {**FACTS, "active": False, "roles": [], "link": None}, "mails": False}),
    "person-read": ("person", {**PERSON, "manages": False, "facts": {**FACTS, "link": {"until": NOW, "mail": "sent", "failed": False}}}),
    "person-new": ("person", {**PERSON, "title": "", "facts": None, "given": Given(office="torvin"), "changes": [],
                              "picks": [{"code": "WAT2", "name": "Torvin Water Works", "above": "National Water Authority"}],
                              "errors": {"name": "Give their name.", "email": "This is no e-mail address.", "role": "Choose a role.", "office": "Several offices may be meant: choose one."}}),
    "person-new-nomail": ("person", {**PERSON, "title": "", "facts": None, "given": Given(), "changes": [], "mails": False}),
}  # fmt: skip

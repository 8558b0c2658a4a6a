"""Somebody of staff with a browser that runs no scripts: cookies kept, forms filled in as they stand on the page."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
from sqlmodel import col, select, update

from core import totp
from core.database import database
from core.passwords import hash_password
from domain.access import CatalogueChange
from domain.staff import Staff, StaffRole, email_index
from domain.states import Role
from tests.api.site import Web

PASSWORD = "correct horse battery"


def administered(web: Web) -> Web:
    """The minister administers the whole, head_water the waterworks; everybody has the same password."""
    hashed = hash_password(PASSWORD)
    with database().write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            session.add(StaffRole(staff_id=web.known.staff[name], office_id=web.known.office[office], role=Role.admin))
        session.execute(update(Staff).values(password_hash=hashed))
    return web


def person(email: str) -> Staff:
    """Whoever has this address."""
    with database().read() as session:
        return session.exec(select(Staff).where(col(Staff.email_index) == email_index(email))).one()


def roles(web: Web, name: str) -> set[str]:
    """Roles of a person as role@OFFICE."""
    codes = {row: code for code, row in web.known.office.items()}
    staff_id = web.known.staff.get(name) or person(name).id
    with database().read() as session:
        held = session.exec(select(StaffRole).where(col(StaffRole.staff_id) == staff_id))
        return {f"{role.role}@{codes[role.office_id]}" for role in held}


def changes() -> list[CatalogueChange]:
    """What was written down, oldest first."""
    with database().read() as session:
        return list(session.exec(select(CatalogueChange).order_by(col(CatalogueChange.at), col(CatalogueChange.id))))


@dataclass
class Browser:
    """One browser of one person."""

    web: Web
    agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    cookies: dict[str, str] = field(default_factory=dict)
    page: httpx.Response = field(init=False)

    def get(self, path: str) -> httpx.Response:
        """Open a page; redirects are followed."""
        return self._follow(self._call("GET", path))

    def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form with all hidden fields of the page one is on; redirects are followed."""
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page.text)
        fields = {name: unescape(value) for name, value in hidden}
        return self._follow(self._call("POST", path, data=fields | form))

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Type address and password."""
        self.get("/staff/sign-in")
        return self.post("/staff/sign-in", email=email, password=password)

    def sees(self, words: str) -> bool:
        """Whether the page says something."""
        return words in unescape(self.page.text)

    def secret(self) -> str:
        """The key an app is given by the page for setting up."""
        found = re.search(r'class="key-text">([A-Z2-7 ]+)<', self.page.text)
        assert found, self.page.text
        return found[1].replace(" ", "")

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"User-Agent": self.agent, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        answer = self.web.call(method, path, headers=headers, **request)
        for name, value in answer.cookies.items():
            self.cookies[name] = value.strip('"')
        self.page = answer
        return answer

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code == 303:
            answer = self._call("GET", answer.headers["location"])
        return answer


def code(secret: str, ahead: int = 0) -> str:
    """The six digits an app shows now, or so many steps later."""
    return totp.code_at(secret, totp.step_at(datetime.now(UTC)) + ahead)

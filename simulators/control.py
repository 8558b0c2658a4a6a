"""Controls for tests and demonstrations: order faults, act as a citizen, read all that was sent."""

import re
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from simulators.carrier import Carrier
from simulators.chats import Chats
from simulators.faults import Fault, FaultKind, Odds
from simulators.people import person_of
from simulators.postoffice import PostOffice


class FaultOrder(BaseModel):
    """A fault to come; see simulators/faults.py."""

    provider: str = Field(pattern="^(twilio|telegram|email)$")
    kind: FaultKind
    times: int = Field(1, ge=1)
    address: str = ""
    code: int = 0
    status: int = Field(0, ge=0, le=599)
    seconds: float = Field(1.0, ge=0, le=120)
    words: str = ""
    rate: float = Field(0, ge=0, le=1, description="Strike by chance at this rate, instead of the next `times`.")
    seed: int = 0


class CitizenText(BaseModel):
    """A text from a citizen; `sid` repeats a message Twilio already delivered; `extra` are further webhook fields."""

    number: str
    text: str
    sid: str = ""
    extra: dict[str, str] = {}


class MailFate(BaseModel):
    """What becomes of a mail a citizen got: it bounces, is delayed, or is answered by a machine."""

    number: str
    mail: int
    what: Literal["bounce", "delay", "away"]


class CitizenMail(BaseModel):
    """A mail from a citizen, or an answer to one they got (`answers`, its number); or `raw`, any mail as text."""

    number: str
    subject: str = ""
    text: str = ""
    answers: int | None = None
    raw: str = ""


def router(carrier: Carrier, chats: Chats, post: PostOffice) -> APIRouter:
    """The controls, to be mounted at /simulator/control."""
    routes = APIRouter(include_in_schema=False)
    exchange = carrier.exchange

    @routes.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        return [asdict(fault) for fault in exchange.faults.waiting()]

    @routes.post("/faults", status_code=201)
    async def order(fault: FaultOrder) -> dict[str, bool]:
        made = Fault(**fault.model_dump(exclude={"rate", "seed"}))
        if fault.rate:
            exchange.faults.chance(Odds(made, fault.rate, fault.seed))
        else:
            exchange.faults.order(made)
        return {"ok": True}

    @routes.delete("/faults")
    async def clear() -> dict[str, bool]:
        exchange.faults.clear()
        return {"ok": True}

    @routes.post("/sms", status_code=201)
    async def text_in(given: CitizenText) -> dict[str, str]:
        return {"sid": carrier.text_in(given.number, given.text, sid=given.sid, extra=given.extra).sid}

    @routes.post("/telegram", status_code=201)
    async def chat_in(given: CitizenText) -> dict[str, int]:
        return {"message_id": chats.write(person_of(given.number), given.text).message_id}

    @routes.post("/update", status_code=201)
    async def update(content: dict[str, Any]) -> dict[str, int]:
        """Any Telegram update, without its update_id."""
        return {"update_id": chats.push(content)}

    @routes.get("/sms")
    async def texts() -> JSONResponse:
        """Every SMS, both ways, oldest first, with the receipts that were posted for it."""
        with exchange.lock:
            kept = list(carrier.texts.values())
        return JSONResponse([{**carrier.as_json(text), "receipts": text.reported} for text in kept])

    @routes.get("/telegram")
    async def messages() -> JSONResponse:
        """Every Telegram message, both ways, by chat."""
        with exchange.lock:
            kept = [(chat, message) for chat in chats.chats.values() for message in chat.messages]
        return JSONResponse([{**chats.as_json(*pair), "deleted": pair[1].deleted} for pair in kept])

    @routes.post("/mail", status_code=201)
    async def mail_in(given: CitizenMail) -> dict[str, bool]:
        person = person_of(given.number)
        if given.raw:
            post.send_in(person.email, re.sub(r"\r?\n", "\r\n", given.raw).encode("utf-8", "surrogateescape"))
        else:
            answered = post.slip(person.email, given.answers) if given.answers is not None else None
            post.write(person, given.subject, given.text, answers=answered)
        return {"ok": True}

    @routes.post("/mail/fate", status_code=201)
    async def mail_fate(given: MailFate) -> dict[str, bool]:
        """What becomes of a mail that a citizen got."""
        person = person_of(given.number)
        if (slip := post.slip(person.email, given.mail)) is None:
            return {"ok": False}
        if given.what == "away":
            post.answer_by_machine(person, slip)
        else:
            delayed = Fault("email", FaultKind.receipt_fails, status=450, words="4.2.2 Mailbox full")
            post.bounce(person.email, slip, delayed if given.what == "delay" else None)
        return {"ok": True}

    @routes.get("/mail")
    async def mails(number: str) -> JSONResponse:
        """What a citizen's mail program shows, oldest first."""
        found = post.slips_of(person_of(number).email)
        return JSONResponse([post.as_json(slip) for slip in found])

    @routes.get("/pace")
    async def pace() -> dict[str, dict[str, float]]:
        """Requests of each Twilio sender: how many, over how long, and the most within one second."""
        return carrier.meter.told()

    @routes.delete("/pace")
    async def count_anew() -> dict[str, dict[str, float]]:
        """Forget what arrived so far."""
        carrier.meter.clear()
        return {}

    @routes.get("/wire")
    async def wire() -> JSONResponse:
        return JSONResponse([{**asdict(row), "at": row.at.isoformat()} for row in list(exchange.wire)])

    @routes.get("/waiting")
    async def waiting() -> dict[str, int]:
        """Deliveries not finished yet; 0 when all is quiet."""
        return {"waiting": exchange.courier.waiting}

    return routes

"""Controls for tests and demonstrations: order faults, act as a citizen, read all that was sent."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from simulators.carrier import Carrier
from simulators.chats import Chats
from simulators.faults import Fault, FaultKind
from simulators.people import person_of


class FaultOrder(BaseModel):
    """A fault to come; see simulators/faults.py."""

    provider: str = Field(pattern="^(twilio|telegram)$")
    kind: FaultKind
    times: int = Field(1, ge=1)
    address: str = ""
    code: int = 0
    status: int = Field(0, ge=0, le=599)
    seconds: float = Field(1.0, ge=0, le=120)
    words: str = ""


class CitizenText(BaseModel):
    """A text from a citizen; `sid` repeats a message Twilio already delivered; `extra` are further webhook fields."""

    number: str
    text: str
    sid: str = ""
    extra: dict[str, str] = {}


def router(carrier: Carrier, chats: Chats) -> APIRouter:
    """The controls, to be mounted at /simulator/control."""
    routes = APIRouter(include_in_schema=False)
    exchange = carrier.exchange

    @routes.get("/faults")
    async def faults() -> list[dict[str, Any]]:
        return [asdict(fault) for fault in exchange.faults.waiting()]

    @routes.post("/faults", status_code=201)
    async def order(fault: FaultOrder) -> dict[str, bool]:
        exchange.faults.order(Fault(**fault.model_dump()))
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

    @routes.get("/wire")
    async def wire() -> JSONResponse:
        return JSONResponse([{**asdict(row), "at": row.at.isoformat()} for row in list(exchange.wire)])

    @routes.get("/waiting")
    async def waiting() -> dict[str, int]:
        """Deliveries not finished yet; 0 when all is quiet."""
        return {"waiting": exchange.courier.waiting}

    return routes

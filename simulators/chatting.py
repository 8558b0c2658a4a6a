"""What a Telegram app can do besides writing: change a message, answer one, share a place, tap a key."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulators.chats import Chats
from simulators.people import person_of
from simulators.phone import LIMITS, done, fields_of, number_of, problem, unusable

_WHOLE = re.compile(r"[0-9]{1,15}")


def router(chats: Chats) -> APIRouter:
    """The routes, to be mounted at /simulator/phone beside the page's own."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/edit")
    async def edit(request: Request) -> Response:
        fields = await fields_of(request)
        if error := unusable(request, fields, "telegram"):
            return error
        message = fields.get("message", "")
        if not _WHOLE.fullmatch(message) or not chats.edit(
            person_of(number_of(fields)), int(message), fields["text"][: LIMITS["telegram"]]
        ):
            return problem("There is no such message.", "Give the number of one of your own that /messages lists.")
        return done(request, fields, "telegram")

    @routes.post("/reply")
    async def reply(request: Request) -> Response:
        fields = await fields_of(request)
        if error := unusable(request, fields, "telegram"):
            return error
        person, message = person_of(number_of(fields)), fields.get("message", "")
        chat = chats.chat_of(person)
        found = chats.find(chat, int(message)) if _WHOLE.fullmatch(message) else None
        if found is None:
            return problem("There is no such message.", "Give the number of a message that /messages lists.")
        chats.write(person, fields["text"], {"reply_to_message": chats.as_json(chat, found)})
        return done(request, fields, "telegram")

    @routes.post("/location")
    async def location(request: Request) -> Response:
        fields = await fields_of(request)
        if error := unusable(request, fields):
            return error
        place = _place(fields)
        if place is None:
            return problem("This is no place on the globe.", "Give latitude and longitude in degrees.")
        chats.write(person_of(number_of(fields)), "", {"location": place})
        return done(request, fields, "telegram")

    @routes.post("/own-number")
    async def own_number(request: Request) -> Response:
        """The citizen shares their own number, as Telegram's key for it does."""
        fields = await fields_of(request)
        if error := unusable(request, fields):
            return error
        person = person_of(number_of(fields))
        card = {"phone_number": person.number[1:], "first_name": person.first_name, "user_id": person.telegram_id}
        chats.write(person, "", {"contact": card})
        return done(request, fields, "telegram")

    return routes


def _place(fields: dict[str, str]) -> dict[str, Any] | None:
    try:
        latitude, longitude = float(fields.get("latitude", "")), float(fields.get("longitude", ""))
    except ValueError:
        return None
    on_globe = abs(latitude) <= 90 and abs(longitude) <= 180
    return {"latitude": latitude, "longitude": longitude} if on_globe else None

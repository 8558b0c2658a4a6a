"""The hotline as Twilio meets it, and the pages on which staff call back and write down what was said."""

import re
import xml.etree.ElementTree as ET

import httpx
import pytest
from sqlmodel import select

from core.database import database
from core.settings import settings
from domain.attachment import Attachment, AttachmentState
from domain.timeline import TimelineEntry
from tests.api.site import CITIZEN, Web, signed

PATH = "/webhooks/twilio/voice"
CALL, RECORDING = "CA" + "1" * 32, "RE" + "2" * 32
FIXED = "+35542234567"


def call(web: Web, url: str, sender: str = CITIZEN, **fields: str) -> httpx.Response:
    """One signed step of a call."""
    form = {"AccountSid": settings().twilio_account_sid, "CallSid": CALL, "From": sender, "To": settings().twilio_from}
    form |= fields
    return web.call("POST", url, data=form, headers=signed(form, url))


def address(answer: httpx.Response, verb: str) -> str:
    """Where an answer leads next, without our own host."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    found = ET.fromstring(answer.text).find(verb)
    assert found is not None, answer.text
    url = found.get("action") or found.text or ""
    assert url.startswith(settings().site_url)
    return url.removeprefix(settings().site_url)


def left_message(web: Web, *, office: str = "WAT1", sender: str = CITIZEN) -> str:
    """Call, pick English, speak; the reference as it is read out."""
    menu = call(web, f"{PATH}?office={office}", sender, CallStatus="ringing")
    tone = call(web, address(menu, "Gather"), sender, Digits="1")
    sound = {
        "RecordingSid": RECORDING,
        "RecordingUrl": f"https://api.twilio.com/x/{RECORDING}",
        "RecordingDuration": "7",
    }
    thanks = call(web, address(tone, "Record"), sender, Digits="#", **sound)
    later = address(thanks, "Redirect")
    waiting = call(web, later, sender)
    assert "Redirect" in waiting.text, "nobody has worked yet, so the caller waits"
    web.work()
    told = call(web, later, sender)
    assert call(web, f"{PATH}/recording?lang=en", RecordingStatus="completed", **sound).status_code == 204
    assert call(web, f"{PATH}/status", sender, CallStatus="completed").status_code == 204
    web.work()
    spelled = re.findall(r"((?:[0-9A-Z], ){3}[0-9A-Z])\.", told.text)
    return "-".join(part.replace(", ", "") for part in spelled[:2])


def test_a_call_from_ringing_to_the_reference(web: Web) -> None:
    reference = left_message(web)
    case = web.case()
    assert (case.reference, case.channel, case.text) == (reference, "voice", "(voice message, 0:07)")
    assert case.office_id == web.known.office["WAT1"]
    assert [reference in text for text in web.texts()] == [True]
    assert web.count(Attachment) == 1


@pytest.mark.parametrize("step", ["", "/language", "/recorded", "/silent", "/reference", "/recording", "/status"])
def test_no_step_is_taken_unsigned(web: Web, step: str) -> None:
    answer = web.call("POST", PATH + step, data={"CallSid": CALL, "From": CITIZEN})
    assert (answer.status_code, web.inbox()) == (403, [])
    assert web.call("GET", PATH + step).status_code == 405


def files_of(web: Web) -> str:
    """The one recording, as if it had been fetched; its id."""
    with database().write() as session:
        row = session.exec(select(Attachment)).one()
        row.state, row.due_at, row.content_type = AttachmentState.stored, None, "audio/wav"
        return str(row.id)


def version(page: httpx.Response, action: str) -> str:
    found = re.search(rf'action="{re.escape(action)}".*?name="version" value="(\d+)"', page.text, re.DOTALL)
    assert found, f"no form {action}"
    return found[1]


def test_calling_back(web: Web) -> None:
    reference = left_message(web, sender=FIXED)
    path = f"/staff/callbacks/{reference}"
    page = web.get("/staff/callbacks", "officer1")
    assert reference in page.text
    assert "Phone ending 567" in page.text
    assert "no text messages" in page.text
    assert "223 4567" not in page.text
    assert reference not in web.get("/staff/callbacks", "officer2").text
    assert web.get("/staff/callbacks", "auditor").status_code == 403
    assert reference not in web.get("/staff/callbacks", "minister").text
    seen = web.post(f"{path}/reveal", "officer1", version=version(page, f"{path}/reveal"))
    assert f'href="tel:{FIXED}"' in seen.text
    assert seen.headers["cache-control"] == "no-store"
    assert web.post(f"{path}/reveal", "officer2", version="1").status_code == 404
    assert web.post(f"{path}/spoke", "officer1", version="99", csrf="x", text="We spoke").status_code == 403
    assert FIXED not in web.get("/staff/callbacks", "officer1").text, "only for the moment it was asked for"

    tried = web.post(f"{path}/no-answer", "officer1", version="99", text="It rang out")
    assert tried.headers["location"] == "/staff/callbacks?said=no-answer"
    page = web.get("/staff/callbacks", "officer1")
    assert "1 try" in page.text
    assert "It rang out" in page.text
    assert web.case().first_response_at is None

    empty = web.post(f"{path}/spoke", "officer1", version="99", text=" ")
    assert empty.status_code == 422
    assert "What was said is empty" in empty.text
    done = web.post(f"{path}/spoke", "officer1", version="99", text="The crew comes at six.")
    assert done.headers["location"] == "/staff/callbacks?said=spoke"
    assert web.case().first_response_at is not None
    assert "Nobody waits for a call" in web.get("/staff/callbacks", "officer1").text
    story = web.get(f"/staff/cases/{reference}", "officer1").text
    for told in (
        "called, nobody picked up",
        "spoke with the citizen",
        "The crew comes at six.",
        "Looked at the citizen",
    ):
        assert told in story
    opened = web.post(f"/track/{reference}", code=FIXED[-4:])
    assert "The crew comes at six." in opened.text
    assert "It rang out" not in opened.text


def test_writing_down_what_was_said(web: Web) -> None:
    reference = left_message(web)
    recording = files_of(web)
    page = web.get(f"/staff/cases/{reference}", "officer1")
    assert f'src="/staff/cases/{reference}/files/{recording}"' in page.text
    assert "waits to be called back" in page.text
    path = f"/staff/cases/{reference}/transcript"
    fields = {"version": version(page, path), "recording": recording}
    assert "is empty" in web.post(path, "officer1", **fields, transcript=" ").text
    assert web.post(path, "officer1", version=fields["version"], recording="x", transcript="Hm").status_code == 422
    stranger = web.post(path, "officer2", **fields, transcript="All is well")
    assert stranger.status_code == 404
    kept = web.post(path, "officer1", **fields, transcript="No water since Monday")
    assert kept.status_code == 303
    again = web.post(path, "officer1", **fields, transcript="No water since Monday")
    assert again.status_code == 303, "a second click is no second entry"
    assert web.case().text == "No water since Monday"
    with database().read() as session:
        kinds = [str(entry.kind) for entry in session.exec(select(TimelineEntry))]
    assert kinds.count("transcribed") == 1
    shown = web.get(f"/staff/cases/{reference}", "officer1").text
    assert "written down by officer1" in shown
    assert web.get(f"/staff/cases/{reference}", "minister").text.count("Keep these words") == 0

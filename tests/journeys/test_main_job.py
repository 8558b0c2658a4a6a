"""The main job, end to end, by HTTP alone: what a citizen texts is routed, timed, answered; the silence ends.

The same test runs on SQLite with the embedded worker and on PostgreSQL with Redis and a worker of its own.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from core.safety import DEMO_PASSWORD
from tests.processes import HTTP, Site, wait_for

CITIZEN = "+355691112233"
COMPLAINT = "No water in Torvin since Monday"


def texts(site: Site, number: str = CITIZEN) -> list[str]:
    """What arrived on a phone by SMS, oldest first."""
    sent = HTTP.get(f"{site.url}/simulator/control/sms").json()
    return [text["body"] for text in sent if text["to"] == number]


def text_in(site: Site, text: str, number: str = CITIZEN, sid: str = "") -> str:
    """A citizen texts."""
    done = HTTP.post(f"{site.url}/simulator/control/sms", json={"number": number, "text": text, "sid": sid})
    done.raise_for_status()
    return str(done.json()["sid"])


def chats(site: Site) -> list[str]:
    """What the bot wrote."""
    return [m["text"] for m in HTTP.get(f"{site.url}/simulator/control/telegram").json() if m["from"]["is_bot"]]


def sign_in(site: Site, email: str) -> httpx.Client:
    """A member of staff's browser."""
    browser = site.client()
    page = browser.post("/staff/sign-in", data={"email": email, "password": DEMO_PASSWORD})
    assert page.status_code == 200, page.text[:500]
    assert "/staff/account" in page.text
    return browser


def fill(browser: httpx.Client, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
    """Send a form of a page as a browser would: with its hidden fields."""
    match = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert match, f"no form {action}"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', match.group(1)))
    return browser.post(action, data=hidden | fields)


def officer_of(site: Site, office: str) -> str:
    """E-mail of an officer of a sample office."""
    from cli.sample import government

    return next(p.email for p in government.load().staff if p.office == office and p.role == "officer")


def leader() -> str:
    from cli.sample import government

    return next(p.email for p in government.load().staff if p.role == "leadership")


def test_an_sms_becomes_an_answered_case(running: Site) -> None:
    site = running
    text_in(site, COMPLAINT)
    acknowledged = wait_for(lambda: texts(site))
    assert len(acknowledged) == 1
    reference = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", acknowledged[0])
    assert reference, acknowledged
    code = reference.group()

    officer = sign_in(site, officer_of(site, "WAT2"))
    page = wait_for(lambda: ok(officer.get(f"/staff/cases/{code}")))
    assert COMPLAINT[:40] in page.text
    assert "Torvin" in page.text
    assert code in officer.get("/staff").text

    stranger = sign_in(site, officer_of(site, "CIV1"))
    assert stranger.get(f"/staff/cases/{code}").status_code == 404

    answer = "Our crew is at the pump. Water is back by six this evening."
    answered = fill(officer, page, f"/staff/cases/{code}/answer", text=answer, go="answer")
    assert answered.status_code == 200
    arrived = wait_for(lambda: [t for t in texts(site) if answer in t])
    assert len(arrived) == 1
    case = wait_for(lambda: answered_case(site, code))
    assert case["silence"]["running"] is False
    assert case["office"]["code"] == "WAT2"
    assert case["routing"]["reason"]

    text_in(site, f"STATUS {code}")
    wait_for(lambda: any(code in t and "answered" in t for t in texts(site)[2:]))
    tracked = site.client().get(f"/track/{code}")
    assert tracked.status_code == 200
    assert answer not in tracked.text
    opened = site.client().post(f"/track/{code}", data={"code": CITIZEN[-4:]})
    assert answer in opened.text

    text_in(site, "Thank you")
    text_in(site, "Still no water today, nobody came")
    wait_for(lambda: api_case(site, code)["state"] == "open")
    assert HTTP.get(f"{site.url}/healthz").json() == {"status": "alive"}
    assert '"holds": true' in site.ombud("verify", "--json")
    assert "Traceback" not in site.logs()


def api_key(site: Site, scope: str) -> str:
    import json

    return str(json.loads(site.ombud("api-key", "create", "--name", "test", "--scope", scope))["key"])


_keys: dict[str, str] = {}


def ok(page: httpx.Response) -> httpx.Response | None:
    """The page, once it can be seen."""
    return page if page.status_code == 200 else None


def answered_case(site: Site, reference: str) -> dict[str, Any] | None:
    """The case, once its silence ended."""
    case = api_case(site, reference)
    return case if case["first_response_at"] else None


def api_case(site: Site, reference: str) -> dict[str, Any]:
    """The case as the API tells it."""
    key = _keys.setdefault(site.url, api_key(site, "admin"))
    answer = HTTP.get(f"{site.url}/api/v1/cases/{reference}", headers={"Authorization": f"Bearer {key}"})
    answer.raise_for_status()
    return dict(answer.json())


def mails(site: Site, number: str) -> list[dict[str, Any]]:
    """What a citizen's mail program got."""
    found = HTTP.get(f"{site.url}/simulator/control/mail", params={"number": number}).json()
    return [mail for mail in found if not mail["mine"]]


def mail_in(site: Site, number: str, **what: object) -> None:
    """A citizen writes an e-mail."""
    HTTP.post(f"{site.url}/simulator/control/mail", json={"number": number, **what}).raise_for_status()


def test_an_email_becomes_an_answered_case_and_a_bounce_resumes_the_silence(running: Site) -> None:
    site, number = running, "+355690000104"
    mail_in(site, number, subject="No water", text="No water in Torvin since Monday, at the school")
    acknowledged = wait_for(lambda: mails(site, number))[0]
    code = acknowledged["subject"][-10:-1]
    assert acknowledged["auto_submitted"] == "auto-replied"

    officer = sign_in(site, officer_of(site, "WAT2"))
    page = wait_for(lambda: ok(officer.get(f"/staff/cases/{code}")))
    answer = "The school has water again from tomorrow."
    fill(officer, page, f"/staff/cases/{code}/answer", text=answer, go="answer")
    arrived = wait_for(lambda: [mail for mail in mails(site, number) if answer in mail["text"]])
    assert len(arrived) == 1
    assert arrived[0]["auto_submitted"] == ""
    assert wait_for(lambda: answered_case(site, code))["silence"]["running"] is False

    mail_in(site, number, subject="Re: x", text="Thursday, and still none", answers=arrived[0]["id"])
    wait_for(lambda: "Thursday, and still none" in officer.get(f"/staff/cases/{code}").text)
    tracked = site.client().post(f"/track/{code}", data={"code": acknowledged["text"].split("PIN ")[1][:4]})
    assert answer in tracked.text

    fate = {"number": number, "mail": arrived[0]["id"], "what": "bounce"}
    HTTP.post(f"{site.url}/simulator/control/mail/fate", json=fate).raise_for_status()
    wait_for(lambda: api_case(site, code)["silence"]["running"])
    assert len([mail for mail in mails(site, number) if answer in mail["text"]]) == 1


def test_telegram_web_and_kiosk_are_heard_too(running: Site) -> None:
    site = running
    HTTP.post(
        f"{site.url}/simulator/control/telegram",
        json={"number": "+355692223344", "text": "Pothole on the road in Torvin"},
    ).raise_for_status()
    acknowledged = wait_for(lambda: [t for t in chats(site) if re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", t)])
    assert len(acknowledged) == 1

    browser = site.client()
    page = browser.get("/report")
    page = fill(browser, page, "/report", text="My passport renewal takes months in Kelda", go="next")
    page = fill(browser, page, "/report", service="passport", go="next")
    page = fill(browser, page, "/report", where="p:Kelda", go="next")
    page = fill(browser, page, "/report/files", go="next")
    page = fill(browser, page, "/report", answer="anonymous", go="next")
    receipt = fill(browser, page, "/report", go="send")
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", receipt.text)
    assert found, receipt.text
    assert api_case(site, found.group())["channel"] == "web"
    twice = fill(browser, page, "/report", go="send")
    assert found.group() in twice.text

    kiosk = site.client()
    page = kiosk.get("/exit/CIV1")
    page = fill(kiosk, page, "/exit/CIV1", rating="1")
    thanks = fill(
        kiosk, page, "/exit/CIV1", reason="wait", words="I waited four hours", phone="069 333 4455", go="send"
    )
    reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", thanks.text)
    assert reference
    case = api_case(site, reference.group())
    assert case["office"]["code"] == "CIV1"


def test_a_posters_link_leads_to_a_case_and_a_question_to_an_office(running: Site) -> None:
    site, number = running, "+355692223355"

    def shown() -> list[dict[str, Any]]:
        phone = HTTP.get(f"{site.url}/simulator/phone/messages", params={"number": number, "app": "telegram"})
        return [dict(message) for message in phone.json()["messages"]]

    def says(text: str) -> None:
        sent = {"number": number, "text": text}
        HTTP.post(f"{site.url}/simulator/control/telegram", json=sent).raise_for_status()

    def presses(label: str) -> None:
        def found() -> tuple[str, str] | None:
            for message in reversed(shown()):
                for row in message["buttons"]:
                    for button in row:
                        if button["text"].startswith(label):
                            return message["id"], button["data"]
            return None

        message, data = wait_for(found)
        pressed = {"number": number, "message": message, "data": data}
        assert HTTP.post(f"{site.url}/simulator/phone/press", json=pressed).status_code == 303

    says("/start CIV1")
    wait_for(lambda: any("Write what happened" in message["text"] for message in shown()))
    says("I waited four hours at the counter")
    presses("Send it")
    told = wait_for(lambda: re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", shown()[-1]["text"]))
    assert api_case(site, told.group())["office"]["code"] == "CIV1"

    unclear = "+355693332211"
    text_in(site, "It has been like this for weeks and nobody does anything", unclear)
    asked = wait_for(lambda: texts(site, unclear))[0]
    assert re.search(r"^1 \w", asked, re.MULTILINE), asked
    text_in(site, "1", unclear)
    moved = wait_for(lambda: texts(site, unclear)[1:])[0]
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", moved)
    assert found, moved
    case = api_case(site, found.group())
    assert case["state"] == "open"
    assert case["routing"]["reason"]


def call(site: Site, number: str, what: str, state: str = "", **fields: str) -> list[str]:
    """Do something on the telephone, and wait until the call stands as it should; what was heard so far."""
    quiet = {"Accept": "application/json"}
    address = f"{site.url}/simulator/phone/call"
    done = HTTP.post(f"{address}/{what}", data={"number": number, **fields}, headers=quiet)
    assert done.status_code == 200, done.text
    heard = wait_for(
        lambda: now if (now := HTTP.get(address, params={"number": number}).json())["state"] == state else None
    )
    return [line["text"] for line in heard["lines"]]


def test_a_call_is_heard_written_down_and_called_back(running: Site) -> None:
    site, number = running, "+35542234567"
    call(site, number, "dial", "asked", office="WAT2")
    call(site, number, "press", "recording", key="1")
    call(site, number, "speak", "recording")
    heard = call(site, number, "press", "over", key="#")
    spelled = [line.replace(", ", "").rstrip(".") for line in heard if re.fullmatch(r"([0-9A-Z], ){3}[0-9A-Z]\.", line)]
    code = "-".join(spelled[:2])
    case = api_case(site, code)
    assert (case["channel"], case["office"]["code"]) == ("voice", "WAT2")

    officer = sign_in(site, officer_of(site, "WAT2"))
    page = wait_for(
        lambda: shown if "Keep these words" in (shown := officer.get(f"/staff/cases/{code}")).text else None
    )
    sound = re.search(rf'<audio[^>]*src="(/staff/cases/{code}/files/[^"]+)"', page.text)
    assert sound, "the recording was fetched from where it was left"
    listened = officer.get(sound[1])
    assert (listened.status_code, listened.content[:4]) == (200, b"RIFF")
    words = "No water in Torvin since Monday, and nobody comes"
    kept = fill(officer, page, f"/staff/cases/{code}/transcript", transcript=words)
    assert words in kept.text
    listed = officer.get("/staff/callbacks")
    assert code in listed.text
    assert number not in listed.text
    shown = fill(officer, listed, f"/staff/callbacks/{code}/reveal")
    assert f"tel:{number}" in shown.text
    form = re.search(rf'action="/staff/callbacks/{code}/spoke">(.*?)</form>', shown.text, re.DOTALL)
    assert form
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[1]))
    officer.post(f"/staff/callbacks/{code}/no-answer", data={**hidden, "text": "It rang out"})
    assert api_case(site, code)["silence"]["running"] is True
    fill(officer, officer.get("/staff/callbacks"), f"/staff/callbacks/{code}/spoke", text="A crew comes at six.")
    assert api_case(site, code)["silence"]["running"] is False
    assert texts(site, number) == [], "a fixed line is never texted"
    assert '"holds": true' in site.ombud("verify", "--json")


def test_sms_and_telegram_become_one_person(running: Site) -> None:
    site, number = running, "+355690000101"
    text_in(site, "No water in Torvin, the pump is broken", number)
    code = wait_for(lambda: re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", " ".join(texts(site, number)))).group()

    def chat(words: str) -> None:
        HTTP.post(f"{site.url}/simulator/control/telegram", json={"number": number, "text": words}).raise_for_status()

    before = len(chats(site))
    chat(f"LINK {number}")
    sent = wait_for(lambda: [t for t in texts(site, number) if re.search(r"\b\d{6}\b", t)])[0]
    chat(re.search(r"\b\d{6}\b", sent).group())  # type: ignore[union-attr]
    wait_for(lambda: len(chats(site)) >= before + 2)
    chat("PREFER")
    wait_for(lambda: len(chats(site)) >= before + 3)
    officer = sign_in(site, officer_of(site, "WAT2"))
    page = wait_for(lambda: ok(officer.get(f"/staff/cases/{code}")))
    assert "Also reachable by" in page.text
    answer = "The pump is repaired."
    fill(officer, page, f"/staff/cases/{code}/answer", text=answer, go="answer")
    wait_for(lambda: any(answer in said for said in chats(site)))
    assert wait_for(lambda: answered_case(site, code))["silence"]["running"] is False
    assert not any(answer in said for said in texts(site, number))
    chat(f"STATUS {code}")
    wait_for(lambda: any(code in said for said in chats(site)[before + 4 :]))


def test_a_completed_service_is_asked_about(running: Site) -> None:
    site = running
    key = api_key(site, "write")
    done_at = datetime.now(UTC) - timedelta(hours=2)
    transaction = {
        "external_id": "agency-1",
        "office": "CIV1",
        "service": "passport",
        "completed_at": done_at.isoformat(),
        "phone": "+355694445566",
        "language": "en",
    }

    def post() -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return HTTP.post(f"{site.url}/api/v1/transactions", json=transaction, headers=headers)

    assert post().status_code == 201, post().text
    assert post().status_code == 200
    asked = wait_for(lambda: texts(site, "+355694445566"))
    assert len(asked) == 1
    text_in(site, "4 good", "+355694445566")
    leadership = sign_in(site, leader())
    wait_for(
        lambda: re.search(r"Passport.*?<b[^>]*>4\.0</b>", leadership.get("/staff/figures/surveys").text, re.DOTALL)
    )


def test_forged_and_broken_webhooks_leave_nothing(running: Site) -> None:
    site = running
    before = api_cases(site)
    hooks = ("/webhooks/twilio/messages", "/webhooks/twilio/status", "/webhooks/telegram")
    for hook in hooks:
        for body in (b"", b"MessageSid=SM1&From=%2B355&Body=x", b"{broken", b"\xff\xfe", b"x" * 50_000):
            assert HTTP.post(site.url + hook, content=body).status_code == 403, hook
        assert HTTP.post(site.url + hook, content=b"x" * 10_000_000).status_code == 413
    assert api_cases(site) == before


def api_cases(site: Site) -> int:
    key = _keys.setdefault(site.url, api_key(site, "admin"))
    found = HTTP.get(f"{site.url}/api/v1/cases", headers={"Authorization": f"Bearer {key}"})
    return len(found.json()["items"])

"""kill -9 at random points under load, and a broker that forgets everything: nothing lost, nothing twice."""

import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import redis
from twilio.request_validator import RequestValidator

from core.safety import DEMO_TWILIO_ACCOUNT, DEMO_TWILIO_TOKEN
from tests.conftest import REDIS
from tests.processes import HTTP, MODELS, ROOT, Process, environment_of, free_port, site, wait_for

MESSAGES = 100
SEED = 20261123


def test_kill_nine_loses_nothing_and_repeats_nothing(
    tmp_path: Path, governed_database: str, scratch_redis: str, prepared: Path
) -> None:
    dice = random.Random(SEED)
    exchange = free_port()
    environment = environment_of(
        tmp_path,
        database_url=governed_database,
        broker_url=scratch_redis,
        OMBUD_TWILIO_API_URL=f"http://127.0.0.1:{exchange}/simulator/twilio",
        OMBUD_TELEGRAM_MODE="off",
        OMBUD_SWEEP_SECONDS="0.5",
        OMBUD_LEASE_SECONDS="25",
    )
    shutil.copytree(prepared / MODELS, tmp_path / MODELS)
    simulator = Process(
        [
            sys.executable,
            "-m",
            "simulators",
            "--port",
            str(exchange),
            "--ombud",
            f"http://127.0.0.1:{environment['OMBUD_PORT']}",
        ],
        environment,
        tmp_path / "simulator.log",
    )
    simulator.start()
    control = f"http://127.0.0.1:{exchange}/simulator/control"
    wait_for(lambda: HTTP.get(f"{control}/waiting").status_code == 200)
    try:
        with site(tmp_path, environment, workers=1) as running:
            for number in range(MESSAGES):
                deliver(running.url, number)
                if number % 20 == 10:
                    victim = dice.choice([running.web, running.workers[0]])
                    time.sleep(dice.random() * 0.4)  # a random moment, from a seed
                    victim.kill()
                    if number % 40 == 10:
                        redis.Redis.from_url(REDIS).flushdb()
                    victim.start()
            wait_for(lambda: HTTP.get(f"{running.url}/readyz").status_code == 200, seconds=40)
            wait_for(lambda: _acknowledged(control) >= MESSAGES, seconds=200, every=1)
            time.sleep(3)  # a second copy, if there were one, has time to leave
            sent = HTTP.get(f"{control}/sms").json()
            out = [text for text in sent if text["direction"].startswith("outbound")]
            per_citizen = Counter(text["to"] for text in out)
            assert len(per_citizen) == MESSAGES
            assert set(per_citizen.values()) == {1}, per_citizen.most_common(3)
            references = {re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", text["body"]).group() for text in out}  # type: ignore[union-attr]
            assert len(references) == MESSAGES
            assert _count(environment, 'SELECT count(*) FROM "case"') == MESSAGES
            assert _count(environment, "SELECT count(*) FROM inbound_message WHERE kind = 'message'") == MESSAGES
            assert '"holds": true' in running.ombud("verify", "--json")
    finally:
        simulator.kill()


def deliver(url: str, number: int) -> None:
    """One signed webhook, the same again until it got its 200, as Twilio does with retries switched on."""
    fields = {
        "MessageSid": f"SM{number:032x}",
        "AccountSid": DEMO_TWILIO_ACCOUNT,
        "From": citizen(number),
        "To": "+355690000000",
        "Body": f"No water in Torvin since Monday, house {number}",
        "NumMedia": "0",
    }
    hook = f"{url}/webhooks/twilio/messages"
    signature = RequestValidator(DEMO_TWILIO_TOKEN).compute_signature(hook, fields)

    def accepted() -> bool:
        answer = HTTP.post(hook, data=fields, headers={"X-Twilio-Signature": signature}, timeout=15)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    wait_for(accepted, seconds=60, every=0.2)


def citizen(number: int) -> str:
    """Phone number of the citizen who sends message `number`."""
    return f"+35569{1_000_000 + number}"


def _acknowledged(control: str) -> int:
    return len({t["to"] for t in HTTP.get(f"{control}/sms").json() if t["direction"].startswith("outbound")})


def _count(environment: dict[str, str], query: str) -> int:
    script = (
        "import sys; from core.database import database\n"
        "with database().connection() as c: print(c.exec_driver_sql(sys.argv[1]).scalar())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, query], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])

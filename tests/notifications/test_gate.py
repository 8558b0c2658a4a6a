"""The gate before a sender: one process alone never comes to more than the rate at the provider, whatever stalls."""

import heapq
import random
import threading
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import pytest

from notifications.gate import ALONE, FEW, Gate

RATE = 40


def most(times: list[float], seconds: float = 1.0) -> int:
    """The most within any such span."""
    times = sorted(times)
    return max(bisect_left(times, at + seconds) - place for place, at in enumerate(times))


class World:
    """Seconds that pass only when somebody waits, so that hours of stalls cost no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.mark.parametrize(("seed", "stalls"), [(0, 0.0), (1, 0.01), (2, 0.01), (3, 0.01), (4, 0.03), (5, 0.03)])
def test_no_second_at_the_provider_holds_more_than_the_rate(
    seed: int, stalls: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages leave as fast as the gate lets them; requests, answers and the process itself stall as they like."""
    world, chance, gate = World(monkeypatch), random.Random(seed), Gate()
    gate.look(None, RATE, datetime.now(UTC))
    arrivals: list[float] = []
    answers: list[tuple[float, float]] = []  # when it comes, and when its message entered
    stalled_until = 0.0

    def pass_time(seconds: float) -> None:
        until = world.now + seconds
        while answers and answers[0][0] <= until:
            at, entered = heapq.heappop(answers)
            world.now = max(at, world.now)
            gate.leave(entered, asked=True)
        world.now = until

    for _ in range(2500):
        if chance.random() < stalls:
            stalled_until = world.now + chance.choice([0.05, 0.3, 1.0, 3.0])  # nothing arrives, nothing is answered
        if chance.random() < stalls:
            world.now += chance.choice([0.1, 0.5, 1.5])  # this process was stopped
        while gate._under_way + sum(end > world.now for end in gate._ends) >= RATE:
            pass_time(0.001)
        entered = gate.enter()
        arrivals.append(max(entered + 0.003 + chance.expovariate(200), stalled_until))
        heapq.heappush(answers, (max(arrivals[-1] + 0.003 + chance.expovariate(200), stalled_until), entered))
        pass_time(chance.choice([0.0, 0.001, 0.02]))
    assert most(arrivals) <= RATE
    if not stalls:  # it gives nothing away
        assert 1000 / (arrivals[-1] - arrivals[-1001]) > 0.96 * RATE


def test_threads_wait_for_each_other_and_for_answers() -> None:
    """With the clock of real life, and a provider that takes nothing for a while."""
    gate, came = Gate(), list[float]()
    gate.look(None, RATE, datetime.now(UTC))
    up = threading.Event()
    up.set()

    def go() -> None:
        for _ in range(15):
            entered = gate.enter()
            up.wait()
            came.append(time.monotonic())
            time.sleep(0.001)  # the way of the answer
            gate.leave(entered, asked=True)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    up.clear()  # whoever has left by now comes in one bunch
    time.sleep(0.3)
    up.set()
    for thread in threads:
        thread.join()
    assert len(came) == 90
    assert most(came) <= RATE


def test_what_was_not_asked_for_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world, gate = World(monkeypatch), Gate()
    gate.look(None, 1, datetime.now(UTC))
    for _ in range(3):
        gate.leave(gate.enter(), asked=False)
    gate.leave(gate.enter(), asked=True)
    world.now += 2
    assert gate.enter() == world.now


def test_a_late_answer_is_owed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world, gate = World(monkeypatch), Gate()
    gate.look(None, 1000, datetime.now(UTC))
    for seconds in [0.01] * FEW + [0.02, 0.2, 0.3]:  # the quickest is known by then
        entered = gate.enter()
        world.now += seconds
        gate.leave(entered, asked=True, late=0.03)
    assert gate.owed() == 2
    assert gate.owed() == 0


def test_a_process_knows_whether_others_send_by_the_sender_too() -> None:
    now, gate = datetime.now(UTC), Gate()
    soon, later = now + timedelta(seconds=0.1), now + timedelta(seconds=0.3)
    assert not gate.look(None, 10.0, now)  # nobody has promised anything
    gate.note(soon, later)
    assert not gate.look(later, 10.0, now)
    assert gate.next == soon  # what stands there is our own: no need to wait as long as others
    assert gate.look(later + timedelta(seconds=1), 10.0, now)
    assert gate.next == later + timedelta(seconds=1)  # somebody else took moments between
    gate.note(later, later)
    assert gate.look(later, 10.0, now + ALONE / 2)
    assert not gate.look(later, 10.0, now + ALONE)

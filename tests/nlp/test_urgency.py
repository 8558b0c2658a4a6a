"""What cannot wait is seen, what is only annoying is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.urgency import Grave, urgency

LIFE = """
Strong smell of gas in our stairwell
bare wires hanging from the lamp post
there are exposed electrical wires beside the path
my neighbour got an electric shock from the fence
the school roof is about to collapse
the transformer exploded and the pole is burning
people will die on this road
my father is unconscious and the ambulance never came
He is bleeding and nobody opens
i want to kill myself
no insulin in any pharmacy for two weeks
ka erë gazi në hyrje
telat e zhveshur poshtë te shtylla
ambulanca nuk erdhi
po vdesim këtu
muri po shembet
গ্যাসের গন্ধ পাচ্ছি
খুঁটির তার ছিঁড়ে ঝুলছে
ছেলেটা বিদ্যুৎস্পৃষ্ট হয়েছে
অ্যাম্বুলেন্স আসেনি
পাহাড়ের দেয়াল ভেঙে পড়ছে
пахнет газом в подъезде
провода лежат на дороге и искрят
меня ударило током от столба
горит проводка
скорая не приехала
угроза жизни людей
"""
CHILD = """
a child fell into the open manhole
my daughter was bitten by a stray dog
broken glass all over the playground
kids nearly hit by cars at the crossing
Puseta është pa kapak, do bjerë ndonjë fëmijë
fëmijët u lënduan te loja
ম্যানহোলের ঢাকনা নেই, বাচ্চা পড়ে যাবে
ребёнок упал в открытый люк
собаки напали на школьников
"""
SUPPLY = """
no water for three days
we are without electricity since Monday
No water at the hospital
there is no running water in the whole village
s'kemi ujë prej dy ditësh
nuk ka drita qe te henen
দুই দিন ধরে পানি নেই
নেই কারেন্ট? না, স্কুলে পানি নেই
нет воды третий день
отключили свет, в доме младенец
"""
CAN_WAIT = """
no water this morning
low water pressure
the water bill is too high
street light is out on our street
when will the fire station open
the gas bill came twice
the school registration page does not load
how do I enrol my child
the playground needs a new bench
child benefit was not paid
my son's passport is late
the bus did not come for two days
rubbish was not collected for a week
ska parkim në qendër
kopshti ka listë pritjeje
fatura e ujit është gabim
পানির বিল বেশি
স্কুলের ভর্তি কবে
বাস আসে না
фонарь не горит
пожарная часть в каком районе
детское пособие не пришло
мусор не вывозят неделю
the child registration desk was closed
потерял паспорт
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, Grave.life) for text in LIFE.split("\n") if text),
        *((text, Grave.child) for text in CHILD.split("\n") if text),
        *((text, Grave.supply) for text in SUPPLY.split("\n") if text),
    ],
)
def test_what_cannot_wait(text: str, why: Grave) -> None:
    found = urgency(text)
    assert found is not None
    assert found.why == why
    assert all(word in " ".join(text.lower().split()) for word in found.words)


@pytest.mark.parametrize("text", [text for text in CAN_WAIT.split("\n") if text])
def test_what_can_wait(text: str) -> None:
    assert urgency(text) is None


def test_the_gravest_reason_is_told() -> None:
    found = urgency("no water for three days and a child fell into an open well, there is a gas leak too")
    assert found is not None
    assert found.why == Grave.life


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    urgency(text)


@pytest.mark.parametrize("piece", ["no water ", "child ", "a", "в ", "1 ", "শিশু ", "without any ", "wires the "])
def test_hostile_texts_take_no_time(piece: str) -> None:
    start = time.process_time()
    urgency(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 2

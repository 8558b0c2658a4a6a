"""The firewall's rules: nearly everything that accuses is caught, and prices and fines are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.accusation import Accused
from nlp.integrity import accuses
from nlp.training.prepare import starter

ACCUSING = [
    (Accused.bribery, "the inspector asked me for money to sign the paper"),
    (Accused.bribery, "They want a bribe at the land registry"),
    (Accused.bribery, "Nurse took 2000 from my mother before the operation, no receipt"),
    (Accused.bribery, "he said it goes faster with something under the table"),
    (Accused.bribery, "clerk at window 3 demanded extra money for the stamp"),
    (Accused.bribery, "had to pay extra cash to speed things up at the civil office"),
    (Accused.bribery, "corruption in the municipality!!"),
    (Accused.bribery, "doctor wntd 5000 cash for the surgery or it will be next year"),
    (Accused.bribery, "they asked for coffee money before giving me the form"),
    (Accused.bribery, "nëpunësi më kërkoi lekë për ta mbaruar punën"),
    (Accused.bribery, "duan ryshfet per cdo leter"),
    (Accused.bribery, "mjeku do lek nen dore per operacionin"),
    (Accused.bribery, "অফিসার ঘুষ চায়"),
    (Accused.bribery, "কাজ করতে চা-নাস্তার টাকা চাইল"),
    (Accused.bribery, "чиновник просит взятку за справку"),
    (Accused.bribery, "врач взял деньги и не дал чека"),
    (Accused.bribery, "без конверта в кадастре ничего не делают"),
    (Accused.bribery, "they told me if I don't pay something nothing will move"),
    (Accused.bribery, "director hires only his cousins"),
    (Accused.bribery, "officer kept 50 euros for himself"),
    (Accused.bribery, "doktori nuk me operoi se s'i dhashe leke"),
    (Accused.bribery, "infermierja s'na shikon pa i futur dicka ne xhep"),
    (Accused.bribery, "কর্মকর্তা টাকা ছাড়া ফাইল ছাড়ে না"),
    (Accused.bribery, "учительница собирает деньги с родителей без отчёта"),
    (Accused.harassment, "my supervisor at the water works keeps putting his hand on my knee"),
    (Accused.harassment, "স্যার মেয়েদের গায়ে হাত দেয়"),
    (Accused.retaliation, "they took my market stall away because I wrote to the newspaper"),
    (Accused.retaliation, "drejtoresha na kercenoi pse u ankuam"),
    (Accused.retaliation, "меня уволили после жалобы"),
    (Accused.conduct, "teacher hits children in class 2"),
    (Accused.conduct, "mesuesi rreh nxenesit"),
    (Accused.conduct, "директор школы бьёт детей"),
    (Accused.harassment, "The director touched me and sent me dirty messages"),
    (Accused.harassment, "sexual harassment by a teacher at my daughter's school"),
    (Accused.harassment, "shefi i zyrës më ngacmon çdo ditë"),
    (Accused.harassment, "অফিসে আমাকে যৌন হয়রানি করা হয়েছে"),
    (Accused.harassment, "начальник пристаёт ко мне на приёме"),
    (Accused.retaliation, "After I complained they stopped my mother's benefit"),
    (Accused.retaliation, "since i reported the doctor they refuse to treat my son"),
    (Accused.retaliation, "they threatened me to withdraw my complaint"),
    (Accused.retaliation, "më kërcënuan se do më heqin ndihmën"),
    (Accused.retaliation, "অভিযোগ করার পর হুমকি দিচ্ছে"),
    (Accused.retaliation, "после моей жалобы мне мстят и угрожают"),
    (Accused.conduct, "The lady at the counter was very rude and shouted at my grandmother"),
    (Accused.conduct, "Your officer insulted me in front of everyone"),
    (Accused.conduct, "the guard pushed my father out of the clinic"),
    (Accused.conduct, "bus driver drunk on line 7"),
    (Accused.conduct, "I want to complain about the manager of the job centre"),
    (Accused.conduct, "sportelistja bertiti dhe me ofendoi"),
    (Accused.conduct, "punonjësi i bashkisë na shau"),
    (Accused.conduct, "কর্মচারী খুব খারাপ ব্যবহার করেছে"),
    (Accused.conduct, "সরকারি অফিসার আমাকে গালি দিয়েছে"),
    (Accused.conduct, "сотрудница хамила и кричала на бабушку"),
    (Accused.conduct, "Жалоба на инспектора: пришёл пьяный"),
]

ORDINARY = [
    "how much is the fee for a passport",
    "I paid the bill and have the receipt, but got a notice",
    "I want my money back for the double water charge",
    "The reconnection fee of 3000 is paid and there is still no power",
    "penalty for late property tax, no letter received",
    "pension money has not arrived",
    "The bank will not let me into my account",
    "They asked me for three documents and two photos",
    "the doctor asked me to wait 2 hours",
    "the teacher took 3 weeks of leave and nobody replaces her",
    "please send an inspector, the pipe has burst",
    "they took 4,000 off my pension by mistake in the calculation",
    "the file you sent is corrupted, I cannot open it",
    "cars race past the school, a driver hit a dog",
    "faturën e pagova por prapë ma prenë ujin",
    "sa kushton pasaporta",
    "grope e madhe ne rruge",
    "পাসপোর্ট করতে কত টাকা লাগে",
    "বিদ্যুৎ বিল দিয়েছি, রসিদ আছে",
    "сколько стоит загранпаспорт",
    "оплатил счёт, чек есть, а воды нет",
    "когда придёт пенсия, денег нет на лекарства",
    "",
    "😀",
]


@pytest.mark.parametrize(("kind", "text"), ACCUSING)
def test_accusations_are_caught(kind: Accused, text: str) -> None:
    found = accuses(text)
    assert found is not None
    assert found.kind is kind
    assert all(word in text.lower().replace("’", "'") for word in found.words)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_messages_are_not(text: str) -> None:
    assert accuses(text) is None


def test_hardly_any_ordinary_complaint_is_caught() -> None:
    """Measured: 12 of the 1,146 starter messages, 10 of which do speak of somebody's conduct or of favours."""
    texts = [example.text for example in starter().examples]
    assert sum(accuses(text) is not None for text in texts) <= 20


def test_the_gravest_kind_is_named() -> None:
    found = accuses("The clerk was rude, wanted a bribe and touched me")
    assert found is not None
    assert found.kind is Accused.harassment


@given(st.text(max_size=500))
def test_never_fails(text: str) -> None:
    accuses(text)


@pytest.mark.parametrize("piece", ["officer ", "a", "takes ", "pay the an him ", "сотрудник ", "কর্মচারী "])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    start = time.process_time()
    accuses(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 2

# ruff: noqa: E501  (a table of replies)
"""The table of replies: what people write back to a survey, in four languages, and what it must be taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.parser import parse

LANGUAGES = ("en", "sq", "bn", "ru")

# reply, rating or None
RATINGS: list[tuple[str, int | None]] = [
    # numbers in every script and dress
    ("5", 5), (" 4 ", 4), ("3.", 3), ("2!!!", 2), ("1", 1), ("৫", 5), ("৪।", 4), ("٣", 3), ("５", 5), ("५", 5),
    ("5️⃣", 5), ("#4", 4), ("(3)", 3), ("*5*", 5), ('"2"', 2), ("=5", 5), ("5 5 5", 5), ("0", 1),
    ("5/5", 5), ("4/5", 4), ("4 / 5", 4), ("৩/৫", 3), ("5 out of 5", 5), ("3 of 5", 3), ("8/10", 4), ("10/10", 5), ("1/10", 1),
    ("service was quick, 5/5", 5), ("4 nga 5", 4), ("5 из 5", 5), ("৫ এর মধ্যে ৪", None),
    # words for numbers
    ("five", 5), ("Four", 4), ("THREE", 3), ("two.", 2), ("one", 1), ("pesë", 5), ("pese", 5), ("katër", 4), ("kater", 4),
    ("tre", 3), ("dy", 2), ("një", 1), ("পাঁচ", 5), ("চার", 4), ("তিন", 3), ("দুই", 2), ("এক", 1), ("пять", 5), ("четыре", 4), ("три", 3),
    ("два", 2), ("один", 1), ("пятёрка", 5), ("пятерка", 5), ("двойка", 2), ("кол", 1), ("pach", 5), ("panch", 5), ("dui", 2),
    # with courtesy and announcement
    ("5 thanks", 5), ("thank you, 5", 5), ("I give 4", 4), ("my answer is 3", 3), ("it was 2", 2), ("rating: 5", 5), ("Rate 1", 1),
    ("I would say 4", 4), ("number 5 please", 5), ("4 stars", 4), ("five stars", 5), ("5*", 5), ("⭐⭐⭐⭐", 4), ("★★", 2), ("⭐", 1),
    ("Jap 4", 4), ("nota 5", 5), ("nota është 3", 3), ("vlerësimi im: 2", 2), ("4 faleminderit", 4), ("faleminderit 5", 5), ("5 yje", 5),
    ("আমি ৫ দিলাম", 5), ("রেটিং ৪", 4), ("৫ ধন্যবাদ", 5), ("ধন্যবাদ, ৪", 4), ("আমার উত্তর ৩", 3), ("৪ স্টার", 4), ("ami 4 dilam", 4),
    ("ставлю 4", 4), ("моя оценка - 5", 5), ("оценка 2", 2), ("5 баллов", 5), ("спасибо, 5", 5), ("5 спасибо большое", 5), ("твёрдая четвёрка", 4),
    # with words behind
    ("4 but they asked for money", 4), ("5 very good service", 5), ("1 terrible", 1), ("2, nobody helped me", 2), ("3 because the queue was long", 3),
    ("1 they shouted at my mother", 1), ("2 i waited 3 hours", 2), ("5 the staff were kind", 5), ("4 - quick but cold room", 4), ("1: never again", 1),
    ("2\nThe clerk was rude", 2), ("four but slow", 4), ("3 (three)", 3), ("rating 3 since the form was lost", 3),
    ("2 sepse prita gjatë", 2), ("4 por vonuan", 4), ("1, askush nuk më ndihmoi", 1), ("5 shumë mirë", 5), ("3. radha ishte e gjatë", 3),
    ("২ কিন্তু অনেক দেরি", 2), ("১, কেউ কথা শোনেনি", 1), ("৫ খুব ভালো", 5), ("পাঁচ, কিন্তু ঘুষ চেয়েছে", 5), ("৩ কারণ লাইন লম্বা", 3),
    ("2 потому что ждали час", 2), ("4 но долго", 4), ("1, никто не помог", 1), ("5 очень вежливо", 5), ("3 - очередь", 3),
    # at the end, and corrections
    ("Very good service. 5", 5), ("good, 4", 4), ("shërbim i mirë 4", 4), ("очень хорошо, 5", 5), ("খুব ভালো ৫", 5), ("nobody asked for money, 5", 5),
    ("никто не просил денег, 5", 5), ("s'më kërkuan para, 4", 4), ("sorry i meant 4", 4), ("correction: 2", 2), ("doja të jap 5", 5), ("ошибся, 3", 3),
    # judgements without a number
    ("very good 👍", 5), ("very good", 5), ("good", 4), ("Excellent!", 5), ("ok", 3), ("not good", 2), ("not bad", 3), ("bad", 2), ("very bad", 1),
    ("terrible service", 1), ("the service was good", 4), ("shumë mirë", 5), ("shume mire", 5), ("mirë", 4), ("jo mirë", 2), ("keq", 2), ("shumë keq", 1), ("tmerr", 1),
    ("খুব ভালো", 5), ("ভালো", 4), ("ভালো না", 2), ("মোটামুটি", 3), ("খারাপ", 2), ("খুব খারাপ", 1), ("khub valo", 5), ("kharap", 2),
    ("отлично", 5), ("хорошо", 4), ("нормально", 3), ("плохо", 2), ("очень плохо", 1), ("не плохо", 3), ("неплохо", 4), ("ужасно", 1), ("не очень хорошо", 2),
    # faces
    ("😡", 1), ("🙁", 2), ("😐", 3), ("🙂", 4), ("😀", 5), ("👍", 4), ("👎", 2), ("❤️", 5), ("👍🏽", 4), ("😀😀😀", 5), ("thanks 😊", 5),
    # none of these rates anything
    ("3 days no water", None), ("No water for 3 days", None), ("4 weeks waiting for my passport", None), ("2 officers asked for money", None),
    ("one person asked me for money", None), ("Water has been off for 3", None), ("There are 5 of us without light in block 3", None),
    ("1. Street lamp broken. 2. No water", None), ("I live at Rruga e Durrësit 5", None), ("on 4/5 I came to the office and it was closed all day", None),
    ("4/5/2026", None), ("since 4/5", None), ("4.5", None), ("4-5", None), ("3, 4 days without water", None), ("55", None), ("7", None), ("10", None), ("100%", None),
    ("5th floor lift is broken", None), ("3pm tomorrow?", None), ("0691234567", None), ("K7QF-3M9V", None), ("1 or 2", None), ("5 4 3", None),
    ("good but slow", None), ("When is the office open?", None), ("the road is bad", None), ("thanks", None), ("", None), ("?", None), ("👍👎", None),
    ("5000 lek", None), ("5 lek", None), ("5 km of road is mud", None), ("2 javë pa ujë", None), ("3 ditë pa drita", None), ("dy veta më bërtitën", None),
    ("৩ দিন পানি নেই", None), ("দুই সপ্তাহ ধরে রাস্তা ভাঙা", None), ("৫০০ টাকা", None), ("3 дня нет воды", None), ("две недели жду паспорт", None),
    ("в 5 подъезде нет света", None), ("два сотрудника требовали деньги", None), ("дом 5", None), ("хорошо, но долго ждал", None),
    ("I have been waiting for an answer about my birth certificate since January and have been sent to 4 offices", None),
]  # fmt: skip

# reply, whether money was asked for
MONEY: list[tuple[str, bool]] = [
    ("4 but they asked for money", True), ("They wanted 500 lek to do it", True), ("I had to pay extra", True), ("he demanded a bribe", True),
    ("1 asked for 20 euro", True), ("Not happy, they asked me for money", True), ("paid the officer to skip the queue", True),
    ("clerk wanted a gift", True), ("They said no, then asked for money", True), ("money was asked at the desk", True), ("2. took money from me", True),
    ("2 sepse kërkuan para", True), ("me kerkuan leke", True), ("dhashë ryshfet", True), ("deshi një kafe", True), ("kërkoi 2000 lekë", True),
    ("ঘুষ চেয়েছে", True), ("১ ঘুষ দিতে হয়েছে", True), ("টাকা চাইল", True), ("আমার কাছে ৫০০ টাকা চেয়েছে", True), ("ghush cheyeche", True), ("taka chaise", True), ("বকশিশ চায়", True),
    ("просили денег", True), ("2 требовали взятку", True), ("вымогают", True), ("хотели 500 лек", True), ("деньги взяли", True), ("намекали на деньги", True),
    ("nobody asked for money", False), ("5, they did not ask for money", False), ("no bribe", False), ("never paid any bribe", False), ("asked for no money", False),
    ("without extra money", False), ("they asked me 3 times for papers", False), ("asked for 2 photos", False), ("my money was not refunded", False),
    ("nuk më kërkuan para", False), ("s'kërkoi asgjë", False), ("pa ryshfet", False), ("askush nuk kërkoi para", False),
    ("ঘুষ চায়নি", False), ("ঘুষ লাগেনি", False), ("টাকা চায় নি", False), ("কোনো ঘুষ দিতে হয়নি", False),
    ("денег не просили", False), ("никто не просил денег", False), ("без взяток", False), ("взяток не брали", False),
    ("5", False), ("very good", False), ("просили подождать 3 часа", False),
    ("They did not ask me, but they asked my brother for money", True), ("no bribe but he wanted cash", True),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "rating"), RATINGS)
def test_rating(reply: str, rating: int | None) -> None:
    assert parse(reply, LANGUAGES).rating == rating


@pytest.mark.parametrize(("reply", "money"), MONEY)
def test_money(reply: str, money: bool) -> None:
    assert parse(reply, LANGUAGES).money is money


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        ("4 but they asked for money", "but they asked for money"),
        ("2, nobody helped me", "nobody helped me"),
        ("1: never again", "never again"),
        ("5/5 quick and kind", "quick and kind"),
        ("Nobody asked for money, 5", "Nobody asked for money"),
        ("5 thanks", ""),
        ("very bad", ""),
        ("3 days no water", "3 days no water"),
    ],
)
def test_the_words_beside_a_rating_are_kept(reply: str, rest: str) -> None:
    assert parse(reply, LANGUAGES).rest == rest


def test_only_the_languages_of_the_deployment_count() -> None:
    assert parse("pesë", ("en",)).rating is None
    assert parse("pesë", ("sq",)).rating == 5
    assert parse("five", ("sq",)).rating == 5, "English always counts, since people mix"


@given(st.text(max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    found = parse(text, LANGUAGES)
    assert found.rating is None or 1 <= found.rating <= 5
    assert len(found.rest) <= len(text) + 10

"""Words of a text in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.features import char_grams, gist, spans
from nlp.tokens import pieces, tokens, words
from nlp.training.prepare import parse
from nlp.training.train import train
from tests.nlp.conftest import NOW


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No WATER since 3 days!!", ["no", "water", "since", "3", "days"]),
        ("Ujë s’ka, mañana ÉCOLE ığdır", ["uje", "s'ka", "manana", "ecole", "igdir"]),
        ("Ёлка и елка, мой район", ["елка", "и", "елка", "мой", "район"]),
        ("إِنَّ الماءَ مقطوع منذ ٣ أيّام", ["ان", "الماء", "مقطوع", "منذ", "3", "ايام"]),
        ("الكهربـــاء مقطوعة", ["الكهرباء", "مقطوعه"]),
        ("پانی نہیں", ["پاني", "نهيں"]),
        ("নলে পানি নেই ৩ দিন", ["নলে", "পানি", "নেই", "3", "দিন"]),
        ("नल में पानी नहीं, २ दिन", ["नल", "में", "पानी", "नहीं", "2", "दिन"]),
        ("停水了三天，A栋３号楼", ["停水了三天", "a", "栋", "3", "号楼"]),
        ("水が出ません", ["水が出ません"]),
        ("ไม่มีน้ำ 3 วัน", ["ไม่มีน้ํา", "3", "วัน"]),
        ("물이 안 나와요", ["물이", "안", "나와요"]),
        ("🚰👍🏽 no_water", ["🚰", "👍", "no_water"]),
    ],
)
def test_words_of_every_script(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_a_letter_keeps_its_vowel_signs_where_letters_are_words() -> None:
    assert words("停水了") == ["停", "水", "了"]
    assert words("มีน้ํา") == ["มี", "น้ํ", "า"]
    assert words("पानी") == ["पानी"]


def test_a_sentence_without_spaces_is_seen_to_its_end() -> None:
    sentence = "我们小区从昨天晚上开始一直没有自来水物业说不知道什么时候能恢复请有关部门尽快派人来处理谢谢停电"
    grams = char_grams(sentence)
    assert "停电" in grams
    assert len(grams) == len(spans(len(sentence) + 2))


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    words_of_it = [str(number) for number in range(1000)]
    assert gist(words_of_it) == [*words_of_it[:400], *words_of_it[800:]]
    assert gist(words_of_it[:600]) == words_of_it[:600]


@given(st.text(max_size=200))
def test_cut_at_spaces_a_text_has_the_tokens_it_has_whole(text: str) -> None:
    assert [token for _, inside in pieces(text) for token in inside] == tokens(text)
    assert all(shown for shown, _ in pieces(text))


SCRIPTS = {
    "zh": (
        ("小区{n}号楼停水了，家里没有自来水", "{n}号路口有个大坑，路面坏了", "{n}栋的垃圾好几天没人收"),
        ("我家停水两天了", "马路上有坑", "垃圾没有人收"),
    ),
    "hi": (
        ("गली {n} में नल का पानी नहीं आ रहा", "सड़क {n} पर बड़ा गड्ढा है", "वार्ड {n} का कूड़ा नहीं उठाया गया"),
        ("दो दिन से पानी नहीं", "सड़क में गड्ढा", "कूड़ा पड़ा है"),
    ),
    "ar": (
        ("لا يوجد ماء في الحي {n} منذ أمس", "حفرة كبيرة في الطريق {n}", "لم تُجمع القمامة في الشارع {n}"),
        ("المــاء مقطوع، لا ماء", "حفره في الطريق", "القُمامة لم تجمع"),
    ),
    "ru": (
        ("в доме {n} нет воды со вчерашнего дня", "на дороге у дома {n} большая яма", "у дома {n} не вывозят мусор"),
        ("третий день без воды", "ямы на дорогах", "мусор не вывезен"),
    ),
    "th": (
        ("ซอย {n} ไม่มีน้ำประปาใช้", "ถนนหน้าบ้านเลขที่ {n} เป็นหลุมใหญ่", "ขยะหน้าบ้าน {n} ไม่มีคนมาเก็บ"),
        ("น้ำประปาไม่ไหล", "ถนนเป็นหลุม", "ขยะไม่เก็บ"),
    ),
}


@pytest.mark.parametrize("language", SCRIPTS)
def test_learns_in_every_script(language: str) -> None:
    taught, asked = SCRIPTS[language]
    rows = [f'"{text.format(n=n)}",{"abc"[label]}' for n in range(6) for label, text in enumerate(taught)]
    model = train(parse("x.csv", "\n".join(["text,label", *rows]).encode()), seed=0, now=NOW).classifier
    found = [prediction.labels[0].label for prediction in model.classify_many(asked)]
    assert found == ["a", "b", "c"]

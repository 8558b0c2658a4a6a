"""Thanks, greetings, advertisements and abuse are told apart from matters to answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.nature import nature


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        (
            "thanks",
            """
            Thank you
            👍
            Thank you to nurse Mira at the clinic, she was wonderful
            We appreciate the quick repair of our street
            Faleminderit shumë për ndihmën e shpejtë
            ধন্যবাদ দ্রুত সমাধানের জন্য
            Спасибо большое врачу за помощь
            """,
        ),
        (
            "not_a_case",
            """
            hello
            Hi, test
            ...
            ?
            Good morning
            Përshëndetje
            আসসালামু আলাইকুম
            здравствуйте
            WIN a prize at https://x.example/y free casino
            """,
        ),
        (
            "abuse",
            """
            you are all idiots
            go to hell
            I will kill you all
            I will burn this office
            shkoni në dreq të gjithë
            তোরা সব হারামি
            вы все идиоты
            я вас убью
            """,
        ),
        (
            None,
            """
            Thanks for nothing
            Thank you but there is still no water
            thanks to ur roads I have a flat tyre
            Thanks in advance, please fix the light
            The corner lot needs mowing. Thank you.
            hello, no water here
            The fucking road has a hole in front of house 14 and nobody comes
            shit in the street again, sewage overflow at the market
            my neighbour says he will kill me
            I will kill time until you answer
            দুই দিন ধরে পানি নেই, ধন্যবাদ
            Спасибо, но воды всё ещё нет
            вы идиоты, третий день не вывозят мусор с улицы Мира
            see https://x.example/pothole.jpg
            water
            """,
        ),
    ],
)
def test_table(expected: str | None, texts: str) -> None:
    wrong = {text: found for text in texts.strip().split("\n") if (found := nature(text.strip())) != expected}
    assert not wrong


@given(st.text(max_size=700))
def test_any_text_has_one_nature_or_none(text: str) -> None:
    assert nature(text) in (None, "thanks", "not_a_case", "abuse")

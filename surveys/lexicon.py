# ruff: noqa: E501  (tables of words)
"""Words of survey replies, by language: numbers, judgements, and what may stand around a rating.

All in lower case and NFC. Latin-script words are also found without their accents, as people type them on phones.
"""

import unicodedata
from dataclasses import dataclass, field, fields
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the parser knows of one language, or of several together."""

    numbers: dict[str, int]
    judgements: dict[str, int]
    """A word that alone tells the rating: 1 very bad … 5 very good."""
    strong: frozenset[str]
    """Make a judgement stronger: "very"."""
    negations: frozenset[str]
    """Turn a judgement round: "not good"."""
    fillers: frozenset[str]
    """May stand around a rating without adding to it."""
    cues: frozenset[str]
    """Announce a rating: the number after them is one."""
    followers: frozenset[str]
    """May follow a rating at once, so that "4 but …" is one and "3 days …" is not."""
    stars: frozenset[str]
    """Follow a number of stars or points."""
    out_of: frozenset[str]
    """Between a number and its scale: "4 out of 5"."""
    dates: frozenset[str] = field(default=frozenset())
    """Before a date, so that "since 4/5" is none."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENGLISH = Lexicon(
    numbers={"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "fiv": 5, "fve": 5, "ten": 10},
    judgements={
        "excellent": 5,
        "exellent": 5,
        "excelent": 5,
        "perfect": 5,
        "great": 5,
        "amazing": 5,
        "wonderful": 5,
        "fantastic": 5,
        "best": 5,
        "awesome": 5,
        "top": 5,
        "superb": 5,
        "good": 4,
        "gud": 4,
        "gr8": 5,
        "nice": 4,
        "fine": 4,
        "satisfied": 4,
        "happy": 4,
        "helpful": 4,
        "well": 4,
        "ok": 3,
        "okay": 3,
        "average": 3,
        "normal": 3,
        "so-so": 3,
        "alright": 3,
        "medium": 3,
        "bad": 2,
        "poor": 2,
        "unhappy": 2,
        "dissatisfied": 2,
        "unsatisfied": 2,
        "rude": 2,
        "terrible": 1,
        "horrible": 1,
        "awful": 1,
        "worst": 1,
        "disgusting": 1,
        "useless": 1,
        "disaster": 1,
        "pathetic": 1,
    },
    strong=_set("very so really extremely too totally absolutely v vry"),
    negations=_set("not wasn't isn't never wasnt isnt"),
    fillers=_set(
        "i it its it's is was the a an my your this that for of to with you u me we rating rate rated answer vote score mark grade "
        "service give gave stars star points point number nr no. please thanks thank thx thankyou ty sir madam dear hi "
        "hello everything all experience overall from option reply choose press so much regards day have job work they "
        "were are am staff and ur plz pls question would say think guess be sorry meant correction mean at wud giv gv its i'd complaints meh pretty quite"
    ),
    cues=_set(
        "rating rate rated answer vote score mark grade give gave giving it's its is was meant mean correction sorry say be"
    ),
    followers=_set(
        "but because bcz bcoz cause since and as thanks thank thx although however though except only they the it i we "
        "my she he this that there very so really not nobody everything everyone all staff service was were is "
        "asked paid please for from sir madam just too still would even if with office had have was could got their your our "
        "waited waiting came went no clerk queue line never nothing always told said he's some good bad quick slow rude"
    ),
    stars=_set("star stars point points"),
    out_of=_set("of out from"),
    dates=_set("on since from until till by before after date dated"),
)

_ALBANIAN = Lexicon(
    numbers={"zero": 0, "një": 1, "nji": 1, "dy": 2, "tre": 3, "tri": 3, "katër": 4, "pesë": 5, "pes": 5, "dhjetë": 10},
    judgements={
        "shkëlqyer": 5,
        "shkëlqyeshëm": 5,
        "perfekt": 5,
        "perfekte": 5,
        "mrekullueshëm": 5,
        "mrekulli": 5,
        "super": 5,
        "bravo": 5,
        "mirë": 4,
        "mir": 4,
        "kënaqur": 4,
        "kënaqshëm": 4,
        "normale": 3,
        "mesatar": 3,
        "mesatare": 3,
        "çka": 3,
        "keq": 2,
        "dobët": 2,
        "pakënaqur": 2,
        "tmerr": 1,
        "tmerrshëm": 1,
        "skandal": 1,
        "skandaloz": 1,
        "turp": 1,
        "katastrofë": 1,
        "katastrofal": 1,
    },
    strong=_set("shumë shum jashtëzakonisht tejet"),
    negations=_set("jo nuk s"),
    fillers=_set(
        "e im ime të i një është ishte jam isha unë jap dhashë vlerësim vlerësimi vlerësoj vota votoj nota notë me për nga shërbimi shërbim "
        "faleminderit flm rrespekt yje yll pikë përgjigja përgjigje ju lutem dhe gjithçka çdo gjë ishin krejt numri "
        "përshëndetje mirëdita doja gabim korrigjim"
    ),
    cues=_set("jap dhashë vlerësimi vlerësim vlerësoj nota notë vota votoj përgjigja është ishte doja gabim korrigjim"),
    followers=_set(
        "por sepse pasi se dhe megjithëse faleminderit flm shumë më ma na nuk s unë ata ajo ai punonjësja punonjësi "
        "ishte ishin kërkuan kërkoi kërkojnë shërbimi ju lutem me vetëm edhe jam po zyra zyrë prita pritëm radha radhë shkova erdha "
        "pagova humba asnjeri askush asnjëherë sportelistja sportelisti doktori mjeku nëpunësja nëpunësi sjellje pa punonjës"
    ),
    stars=_set("yje yjet yll pikë"),
    out_of=_set("nga prej"),
    dates=_set("më nga prej deri datë datën që"),
)

_BENGALI = Lexicon(
    numbers={
        "শূন্য": 0,
        "এক": 1,
        "একটা": 1,
        "দুই": 2,
        "দু": 2,
        "তিন": 3,
        "চার": 4,
        "পাঁচ": 5,
        "পাচ": 5,
        "পাঁচে": 5,
        "দশ": 10,
        "ek": 1,
        "dui": 2,
        "tin": 3,
        "char": 4,
        "pach": 5,
        "panch": 5,
    },
    judgements={
        "চমৎকার": 5,
        "অসাধারণ": 5,
        "দারুণ": 5,
        "সেরা": 5,
        "উৎকৃষ্ট": 5,
        "সুন্দর": 5,
        "ভালো": 4,
        "ভাল": 4,
        "সন্তুষ্ট": 4,
        "valo": 4,
        "bhalo": 4,
        "মোটামুটি": 3,
        "মাঝারি": 3,
        "চলনসই": 3,
        "motamuti": 3,
        "খারাপ": 2,
        "kharap": 2,
        "অসন্তুষ্ট": 2,
        "জঘন্য": 1,
        "ভয়াবহ": 1,
        "ভয়ানক": 1,
        "বাজে": 2,
        "baje": 2,
    },
    strong=_set("খুব খুবই অনেক অত্যন্ত একদম ভীষণ khub onek"),
    negations=_set("না নয় নেই লাগেনি হয়নি ছিলনা na"),
    fillers=_set(
        "আমি আমার আমাকে উত্তর রেটিং নম্বর দিলাম দিচ্ছি দিয়েছি দেব দিব ছিল ছিলো এটা হলো সেবা সেবার মান জন্য তারা স্টার পয়েন্ট ধন্যবাদ আপনাদের আপনাকে ami dilam "
        "dhonnobad seba chilo মধ্যে এর এ মূল্যায়ন সব সবকিছু লেগেছে হয়েছে খুশি অভিজ্ঞতা"
    ),
    cues=_set("রেটিং উত্তর নম্বর আমি দিলাম মান মূল্যায়ন ami ভুল"),
    followers=_set(
        "কিন্তু তবে কারণ এবং আর ধন্যবাদ খুব খুবই আমি আমার আমাকে তারা ওরা তাই যদিও দিলাম দিচ্ছি দিব দেব dilam kintu karon "
        "dhonnobad সেবা কর্মচারী কর্মকর্তা ঘুষ টাকা অফিস অফিসে লাইনে লাইন অনেক কেউ আপা ভাই স্যার মানুষ মানুষকে লোক ব্যবহার "
        "ওখানে বেশি কোনো office onek keu bebohar"
    ),
    stars=_set("তারা স্টার পয়েন্ট টি টা"),
    out_of=_set("মধ্যে এর থেকে"),
    dates=_set("তারিখ থেকে"),
)

_RUSSIAN = Lexicon(
    numbers={
        "ноль": 0,
        "нуль": 0,
        "один": 1,
        "одна": 1,
        "единица": 1,
        "единицу": 1,
        "кол": 1,
        "два": 2,
        "две": 2,
        "двойка": 2,
        "двойку": 2,
        "три": 3,
        "тройка": 3,
        "тройку": 3,
        "троечка": 3,
        "четыре": 4,
        "четверка": 4,
        "четвёрка": 4,
        "четверку": 4,
        "четвёрку": 4,
        "пять": 5,
        "пятерка": 5,
        "пятёрка": 5,
        "пятерку": 5,
        "пятёрку": 5,
        "пятерочка": 5,
        "пятёрочка": 5,
        "пятерочку": 5,
        "пятёрочку": 5,
        "десять": 10,
    },
    judgements={
        "отлично": 5,
        "отличный": 5,
        "отличное": 5,
        "отличная": 5,
        "прекрасно": 5,
        "замечательно": 5,
        "супер": 5,
        "идеально": 5,
        "великолепно": 5,
        "превосходно": 5,
        "хорошо": 4,
        "хороший": 4,
        "хорошее": 4,
        "хорошая": 4,
        "неплохо": 4,
        "довольна": 4,
        "доволен": 4,
        "довольны": 4,
        "нормально": 3,
        "норм": 3,
        "нормальное": 3,
        "средне": 3,
        "удовлетворительно": 3,
        "сойдет": 3,
        "сойдёт": 3,
        "плохо": 2,
        "плохое": 2,
        "плохой": 2,
        "плохая": 2,
        "недоволен": 2,
        "недовольна": 2,
        "неудовлетворительно": 2,
        "ужасно": 1,
        "ужас": 1,
        "ужасное": 1,
        "ужасный": 1,
        "отвратительно": 1,
        "кошмар": 1,
        "позор": 1,
        "безобразие": 1,
        "хамство": 1,
        "понравилось": 5,
        "плоховато": 2,
        "неважно": 2,
        "otlichno": 5,
        "horosho": 4,
        "xorosho": 4,
        "normalno": 3,
        "ploho": 2,
        "ploxo": 2,
        "uzhasno": 1,
    },
    strong=_set("очень крайне совсем просто"),
    negations=_set("не"),
    fillers=_set(
        "я мы это этот моя мой мне нам вам вас меня оценка оценку оценки ответ ставлю поставлю ставим даю балл балла баллов балов звезд звёзд звезды "
        "звёзды звезда за на в целом общем с плюсом все всё было был была обслуживание обслуживания сервис услуга услугу спасибо благодарю пожалуйста "
        "большое из здравствуйте добрый день номер цифра и работа работу твердая твёрдая твердую исправление ошибся ошиблась"
    ),
    cues=_set(
        "оценка оценку оценки ставлю поставлю ставим даю ответ балл оцениваю исправление ошибся ошиблась было это на"
    ),
    followers=_set(
        "но потому так и а спасибо хотя однако очень все всё я мне меня мы нас они он она было был была не никто с за "
        "девушка женщина мужчина врач очередь долго закрыто немного слишком больше всегда даже там здесь хамство грубо быстро "
        "никогда ничего нет да ещё еще если девушки охранник персонал "
        "сотрудник сотрудница сотрудники обслуживание просили попросили требовали баллов балла балл только если из-за"
    ),
    stars=_set("звезд звёзд звезды звёзды звезда балл балла баллов балов"),
    out_of=_set("из"),
    dates=_set("с до от по числа"),
)

_BY_LANGUAGE = {"en": _ENGLISH, "sq": _ALBANIAN, "bn": _BENGALI, "ru": _RUSSIAN}

EMOJI: dict[str, int] = {
    "😡": 1, "🤬": 1, "😠": 1, "😤": 1, "🤮": 1, "😭": 1, "👿": 1, "💩": 1,
    "🙁": 2, "☹": 2, "😞": 2, "😟": 2, "😕": 2, "😢": 2, "😒": 2, "👎": 2,
    "😐": 3, "😑": 3, "😶": 3, "🤷": 3,
    "🙂": 4, "👍": 4, "😌": 4, "👌": 4,
    "😊": 5, "😀": 5, "😃": 5, "😄": 5, "😁": 5, "😍": 5, "🥰": 5, "🤩": 5, "❤": 5, "👏": 5, "💯": 5, "🥳": 5,
}  # fmt: skip
"""Faces in the order of the kiosk's five; a bare thumb says which side, not how far, so it is 2 or 4."""

STARS = frozenset("⭐★🌟✩✭")


def without_accents(word: str) -> str:
    """Latin letters as typed on a phone without them."""
    return word.translate(_ACCENTS)


_ACCENTS = str.maketrans("ëçéèáàíóúâêîôû", "eceeaaiouaeiou")


@lru_cache(maxsize=16)
def lexicon(languages: tuple[str, ...]) -> Lexicon:
    """One lexicon for all the languages named; English always counts, since people mix."""
    known = [_BY_LANGUAGE[code] for code in dict.fromkeys((*languages, "en")) if code in _BY_LANGUAGE]
    merged: dict[str, dict[str, int] | frozenset[str]] = {}
    for slot in fields(Lexicon):
        parts = [getattr(one, slot.name) for one in known]
        if isinstance(parts[0], dict):
            merged[slot.name] = {
                form: value for part in reversed(parts) for word, value in part.items() for form in _forms(word)
            }
        else:
            merged[slot.name] = frozenset(form for part in parts for word in part for form in _forms(word))
    return Lexicon(**merged)  # type: ignore[arg-type]


def _forms(word: str) -> tuple[str, ...]:
    word = unicodedata.normalize("NFC", word)
    return (word, without_accents(word))

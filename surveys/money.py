# ruff: noqa: E501  (tables of patterns)
"""Whether a reply says that money was asked for. Missing one is worse than asking once too often."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from nlp.accusation import Accused
from nlp.integrity import accuses
from surveys.lexicon import without_accents

_SUM = r"(?:\d[\d.,]*\s*)(?:lek\w*|leke\w*|euro\w*|eur|€|\$|usd|dollar\w*|taka|tk|৳|টাকা\w*|rub\w*|руб\w*|тыс\w*|тысяч\w*|k|mije|mijë|hajar)?"
_GAP = r"(?:[^\s.!?;]+\s+){0,4}?"

# what was asked, in each language; accents are optional
_ASKED = (
    # English
    r"\bbri+b\w*", r"\bkick\s?backs?\b", r"under the table", r"\btea money\b", r"speed money", r"\bbackhand\w*", r"\bextort\w*",
    r"\bgreas\w+ (?:his|her|their|the) (?:palm|hand)s?", r"\b(?:extra|more|additional|illegal|unofficial|cash) (?:money|cash|fees?|payments?|charges?)\b",
    rf"\b(?:ask\w*|demand\w*|want\w*|request\w*|insist\w*|expect\w*|took|taken?|takes|taking|charg\w+|need\w*) {_GAP}"
    r"(?:money|cash|moneys|a tip|tips|gifts?|payment|commission|envelope|cigarettes|a coffee)\b",
    rf"\b(?:ask\w*|demand\w*|want\w*|insist\w*) {_GAP}{_SUM}(?=\s|$|[.,!?;])(?! (?:times|questions?|documents?|papers?|days?|hours?|minutes?|forms?|copies|photos?|people|persons?|weeks?|months?))",
    r"\b(?:had|have|made me|forced|told) (?:me |us )?to (?:pay|give|hand)\b(?: \S+){0,3} (?:money|cash|extra|him|her|them|more|officer|clerk|guard|\d+)",
    r"\bpaid (?:\S+ ){0,3}(?:extra|bribe|him|her|them|the officer|the clerk|guard)\b", r"\bpay (?:\S+ ){0,2}(?:extra|him|her|them)\b",
    r"\bmoney (?:was |were |is |being )?(?:asked|demanded|wanted|requested|taken)\b", r"\bcharged (?:me |us )?(?:extra|more|double)\b", r"\bcorrupt\w*",
    r"\b(?:something|money|a little|extra) for (?:a )?(?:tea|coffee|cigarettes|lunch)\b", r"\b(?:tea|coffee) money\b", r"\ba little something\b", r"\bslip(?:ped)? (?:him|her|them|the|it)\b", r"\benvelope (?:on|in|under)\b", r"\basked (?:me |us )?for \W?(?:coffee|tea)\b",
    r"\b(?:paid|pay|gave|give) (?:a |an |the |some )?(?:broker|tout|agent|fixer|middle ?man|dalal)\b", rf"\bgave {_SUM} ?to (?:the |a )?\w+", r"\bpa(?:y|id) (?:\S+ ){0,2}(?:back door|backdoor|outside)\b",
    rf"\btook {_SUM} from (?:me|us|him|her)\b", r"\bkept (?:the |my )?change\b", r"\b(?:gift|present|envelope|tip|money|payment) (?:was |is )?(?:expected|required|demanded|wanted|necessary)\b",
    rf"\bpaid (?:\S+ ){{0,2}}{_SUM} ?to (?:the |a |an |some |his |her )?(?:man|guy|guard|officer|clerk|broker|agent|tout|woman|lady|nurse|doctor|driver|secretary|cashier|boss|security)\b",
    # Albanian
    r"\br+yshfet\w*", r"\bmito\w*\b", r"\bnen dore\b", r"\bkorrup\w*",
    rf"\b(?:kerk\w*|desh\w*|do|donin|donte|duan|mori|moren|mori?n|pretend\w*|lyp\w*) {_GAP}(?:para|parate|lek\w*|euro\w*|pare|pagese\w*|dhurat\w*|kafe\w*|bakshish\w*|{_SUM}(?=\s|$|[.,!?;])(?! (?:dite|ore|dokument\w*|here|muaj|jave|veta|vjet)))",
    r"\b(?:para|parate|lek|leke|pare) (?:me |na |i |u )?(?:kerk\w*|desh\w*|mor\w*|duan)\b", r"\b(?:pagova|paguam|paguar|dhashe|dhame) (?:\S+ ){0,3}(?:para|lek\w*|ekstra|shtese|ryshfet|euro)\b",
    r"\bpa i dhene para\b", r"\b(?:jep\w*|jap\w*) (?:dicka|gje|nje dore)\b", r"\bpako cigare\w*", r"\bt'?i jepja\b", r"\bpa (?:nje |i dhene |dhene )?kafe\b", r"\bduhet t\S* paguash (?:\S+ )?q[ei]\b", r"\bpara (?:shtese|ekstra)\b", r"\bnje kafe per\b",
    # Bengali, also in Latin letters
    r"ঘুষ\S*", r"খরচা?পাতি\S*", r"\bkh?oroch\w*", r"খরচাপানি\S*", r"উপরি\b", r"ঘুস\S*", r"বকশিশ\S*", r"বখশিশ\S*", r"উৎকোচ\S*", r"চা[- ]?পান\S* (?:খরচ|টাকা)\S*", r"চা নাস্তার\S*", r"স্পিড মানি", r"দুর্নীতি\S*",
    r"(?:টাকা|টাকাও|পয়সা|অর্থ)\S* (?:\S+ ){0,2}(?:চে|চা|চাই|দাবি|দাবী|নিয়ে|নিল|নেয়|নিছে|নিয়|লেগে|লাগ|দিতে|দিয়ে|দিলাম|খে|খা)\S*",
    r"(?:দিতে হয়েছে|দিতে হলো|দিতে হল|চেয়েছে|চাইল|চেয়েছিল|দাবি কর\S*) (?:\S+ ){0,2}(?:টাকা|পয়সা)\S*",
    r"\bgh?us+h?\b", r"\b(?:taka|tk|poisa) (?:\S+ ){0,2}(?:cha\w*|che\w*|cai\w*|nis\w*|niy\w*|nil\w*|dit\w*|dab\w*|lag\w*|neo\w*)", r"\bboks?h?ish\w*",
    # Russian
    r"\bна чай\b", r"\bконьяк\w*", r"\bкоробк\w+ конфет", r"\bпачк\w+ сигарет", r"\bпростимулир\w+", r"\bмимо кассы\b", rf"\b(?:взял|взяла|взяли|дал|дала|дали|сунул\w*|положил\w*) (?:с меня |ему |ей |им )?(?:{_SUM}(?=\s|$|[.,!?;])(?! (?:раз\w*|дн\w*|час\w*|докум\w*|копи\w*|справ\w*|фото\w*|минут\w*|талон\w*|номер\w*))|тысяч\w*|сотн\w*|денег|деньги)", r"\bконвертик\w*", r"\bшоколадк\w*", r"\bвзят\w+", r"\bвымог\w+", r"\bна лапу\b", r"\bподмаз\w+", r"\bкорруп\w+", r"\bмзд\w+", r"\bв конверте?\b", r"\bотблагодар\w+", r"\bмагарыч\w*", r"\bоткат\w*\b",
    rf"\b(?:тре[бь]\w*|потреб\w*|прос\w+|попрос\w+|хот\w+|захот\w+|взял\w*|взима\w*|брал\w*|берут|намек\w*|намёк\w*|выпраш\w*) {_GAP}"
    r"(?:ден\w+|деньг\w*|денег|плат\w+|доплат\w*|налич\w+|подарок|подарк\w*|шоколад\w*|коньяк\w*|на чай|благодарност\w*)",
    rf"\b(?:требу\w*|требов\w*|потребов\w*|прос\w+|попрос\w+|хот\w+) {_GAP}{_SUM}(?=\s|$|[.,!?;])(?! (?:раз\w*|дн\w*|час\w*|докум\w*|копи\w*|справ\w*|фото\w*|минут\w*|недел\w*|месяц\w*))",
    r"\b(?:деньги|денег|денежк\w+) (?:\S+ ){0,2}(?:тре[бь]\w*|потреб\w*|прос\w+|попрос\w+|хот\w+|взял\w*|вымог\w*|бер\w+|брал\w*)",
    r"\b(?:приш\w+|заставил\w*|вынужд\w*) (?:\S+ ){0,2}(?:доплат\w*|приплат\w*|заплатить (?:сверху|лишн\w+|сотрудн\w+|ей|ему|им)|дать ден\w+|дать на)", r"\bплатил\w* сверху\b",
)  # fmt: skip

# the same, denied; only a denial right at the verb or the noun counts, so "not happy, they asked for money" stays a report
_DENIED = (
    r"\b(?:no ?body|no one|noone|none of them|nobody there|never|not|didn'?t|doesn'?t|don'?t|weren'?t|wasn'?t|haven'?t|hasn'?t|without|no)"
    r" (?:has |have |had |was |were |even |ever |once |anyone |being |any |a |kind of |of them )*"
    r"(?:ask\w*|demand\w*|want\w*|request\w*|tak\w+|took|charg\w+|need\w*|expect\w*|paid|pay\w*|bri+b\w*|extra|money|corrupt\w*|cash|kickbacks?)"
    r"(?: (?:me|us|for|to|pay|any|a|extra|money|bribes?|cash|more|payment|tips?|gifts?|fees?|him|them|anything|or|\d+))*",
    r"\b(?:ask\w*|demand\w*|want\w*) (?:me |us )?(?:for )?(?:no (?:extra |more )?(?:money|bribes?|cash|payment)|nothing)",
    r"\b(?:nuk|s'|s’|s|askush|askush nuk|asnjeri|asnje|pa|jo) ?(?:me |na |i |te |ka |kane |eshte |u |pat |ndonje |nuk |qene )*"
    r"(?:kerk\w*|desh\w*|donin|donte|do|mor\w*|pretend\w*|lyp\w*|ryshfet\w*|para|leke?|korrup\w*|pagova|paguam|pagese|paguar|dhashe)(?: (?:para|lek\w*|ryshfet\w*|asgje|asnje|gje|dhurat\w*|pagese|shtese|ekstra|euro))*",
    r"(?:(?:ঘুষ|ঘুস|টাকা|পয়সা|বকশিশ|অর্থ)\S*|দুর্নীতি\S*) (?:বা )?(?:\S+ ){0,3}?(?:\S*নি|\S* নি|না|নাই|নেই|\S*ননি|লাগে না|ছাড়া\S*)(?=\s|$|[।.,!?;])",
    r"\b(?:gh?us+h?|taka|tk) (?:\S+ ){0,2}(?:\w*ni|na|nai|chara|lageni)\b",
    r"\b(?:взят\w+|деньги|денег|доплат\w*|подарк\w*) (?:у |с |меня |нас |мне |никто |никогда )*не \w+",
    r"\b(?:никто|нико\w+|никаких|ничего|без|не|ни|нет)(?: (?:никто|никогда|мне|меня|у|нас|с|за|это|не|было|всяких|лишних|ни|разу|никаких))*"
    r" (?:тре[бь]\w*|потреб\w*|прос\w+|попрос\w+|хот\w+|взял\w*|бра\w+|бер\w+|вымог\w+|взят\w+|корруп\w+|намек\w*|намёк\w*|ден\w+|доплат\w*|платил\w*|плат\w+)"
    r"(?: (?:ни|за|у|с|меня|нас|денег|деньги|деньгами|взятк\w*|взяток|доплат\w*|ничего|лишнего|лишних|никаких|подарк\w*|на|лапу|копейки))*",
)  # fmt: skip


SAME = 16
"""Texts whose reading is remembered: one reply is looked at several ways, one right after the other."""


# nothing goes without money: what looks like a denial is a report
_WITHOUT = (
    r"(?:n't|\bnot|\bnothing|\bnever)\b[^.!?]{0,30}\bwithout (?:cash|money|payment|paying|a bribe)\b",
    r"\bwithout (?:money|paying|a bribe|bribes?|cash)\b[^.!?]{0,40}\b(?:nothing|not|no|never|nobody|cannot|cant|can't|don't|doesn't|won't)\b",
    r"\bpa (?:para|leke|lek|ryshfet|dhene)\b[^.!?]{0,20}(?:\bs'|\bnuk\b|\basgje\b|\bs'behet)",
    r"(?:টাকা|ঘুষ|পয়সা)\S* (?:ছাড়া|না দিলে|না দিয়ে)\S* [^।.!?]{0,40}(?:না|নি|নাই|নড়ে)",
    r"\b(?:taka|ghush|ghus) (?:chara|charao|na dile)\b[^.!?]{0,30}\b(?:na|nai|hoyna)\b",
    r"\bбез (?:денег|взятки|конверта|доплаты)\b[^.!?,]{0,20}\b(?:не|никак|никто|невозможно|даже)\b",
)


class _Found(NamedTuple):
    """What is looked for in one script: reports, denials, and reports that look like denials."""

    letters: re.Pattern[str]
    asked: re.Pattern[str]
    denied: re.Pattern[str]
    without: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> tuple[_Found, ...]:
    """The patterns of each script, since a text in one need not be looked through for the others."""
    return tuple(
        _Found(letters, *(_any_of(lines, letters) for lines in (_ASKED, _DENIED, _WITHOUT)))
        for letters in (_BENGALI, _CYRILLIC, _LATIN)
    )


_BENGALI, _CYRILLIC, _LATIN = re.compile("[\u0980-\u09ff]"), re.compile("[\u0400-\u04ff]"), re.compile("[a-z]")


def _any_of(lines: Iterable[str], script: re.Pattern[str]) -> re.Pattern[str]:
    chosen = []
    for line in lines:
        plain = line.replace(_SUM, "")  # a sum has currencies of all scripts in it
        own = _BENGALI if _BENGALI.search(plain) else _CYRILLIC if _CYRILLIC.search(plain) else _LATIN
        if own is script:
            chosen.append(unicodedata.normalize("NFC", line))
    return re.compile("|".join(chosen))


@lru_cache(maxsize=SAME)
def tells_of_money(text: str) -> bool:
    """Whether a text in any of our languages reports that money, a gift or a bribe was asked for or taken.

    A denial ("nobody asked for money") is none; a text with both is one.
    """
    folded = _folded(text)
    present = [one for one in _patterns() if one.letters.search(folded)]
    if any(one.without.search(folded) or one.asked.search(one.denied.sub(" ‖ ", folded)) for one in present):
        return True
    denied = any(one.denied.search(folded) for one in present)
    accused = accuses(text) if " " in folded and not denied else None
    return accused is not None and accused.kind is Accused.bribery


def denies_money(text: str) -> bool:
    """Whether a text says that no money was asked for, and does not say the opposite as well."""
    folded = _folded(text)
    denied = any(one.denied.search(folded) for one in _patterns() if one.letters.search(folded))
    return denied and not tells_of_money(text)


@lru_cache(maxsize=SAME)
def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold().replace("’", "'").replace("ʼ", "'")
    return " ".join(without_accents(folded).split())

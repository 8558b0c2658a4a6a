"""Does a message accuse somebody who works for the government? Rules that favour catching too much.

A message caught here goes to the integrity office and is hidden from the office it is about, so a miss can hurt the
person who wrote; a false catch costs the integrity office one look. Prices, fees and fines alone must not be caught.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Accused(StrEnum):
    """What somebody is accused of."""

    bribery = "bribery"
    harassment = "harassment"
    retaliation = "retaliation"
    conduct = "conduct"


@dataclass(frozen=True, slots=True)
class Accusation:
    """The gravest kind found, and the words it was recognised by, for the reason kept with the case."""

    kind: Accused
    words: tuple[str, ...]


_STAFF_EN = (
    r"\b(?:officers?|officials?|clerks?|employees?|workers?|staff|inspectors?|directors?|managers?|boss|chief|head of|mayor|secretary|"
    r"receptionist|doctors?|dr|nurses?|teachers?|principal|drivers?|engineers?|technicians?|police(?:m[ae]n|woman)?|guards?|judges?|"
    r"cashiers?|operators?|examiners?|surveyors?|social workers?|(?:man|woman|lady|guy|person|people|someone|they|he|she) (?:at|in|from|behind) (?:the|your|ur) "
    r"(?:\w+ ){0,2}(?:office|counter|window|desk|registry|municipality|clinic|hospital|school|centre|center))\b"
)
_STAFF_SQ = (
    r"\b(?:nëpunës\w*|nepunes\w*|punonjës\w*|punonjes\w*|zyrtar\w*|inspektor\w*|drejtor\w*|shef\w*|mjek\w*|doktor\w*|infermier\w*|"
    r"mësues\w*|mesues\w*|sportelist\w*|polic\w*|shofer\w*|kryetar\w*|inxhinier\w*|sekretar\w*|roj[aëe]\w*)"
)
_STAFF_RU = (
    r"\b(?:чиновни\w*|сотрудни\w*|инспектор\w*|директор\w*|начальни\w*|врач\w*|доктор\w*|медсестр\w*|учител\w*|воспитател\w*|полицейск\w*|"
    r"водител\w*|оператор\w*|кассир\w*|экзаменатор\w*|регистратор\w*|секретар\w*|мэр\w*|охранни\w*|глав[аеуы]\b|специалист\w*|паспортист\w*)"
)
_B = r"[\u0980-\u09ff]*"
_STAFF_BN = (
    rf"(?:কর্মকর্তা{_B}|কর্মচারী{_B}|অফিসার{_B}|ডাক্তার{_B}|নার্স{_B}|শিক্ষক{_B}|স্যার{_B}|পুলিশ{_B}|ড্রাইভার{_B}|চালক{_B}|পরিদর্শক{_B}|ইন্সপেক্টর{_B}|"
    rf"পরিচালক{_B}|মেয়র{_B}|কেরানি{_B}|দালাল{_B}|ইঞ্জিনিয়ার{_B}|প্রধান শিক্ষক{_B}|লোকটা{_B})"
)
_GAP = r"[^.!?।\n]{0,60}?"


def _near(first: str, second: str) -> str:
    """Both in one sentence, in either order."""
    return rf"{first}{_GAP}\b{second}|{second}{_GAP}{first}"


# kind → patterns; the order of kinds is their gravity
_RULES: dict[Accused, tuple[str, ...]] = {
    Accused.harassment: (
        r"(?:sexual(?:ly)?|sex) (?:harass\w*|assault\w*|abuse\w*|favou?rs?)|harass(?:ed|es|ing|ment)?\b|molest\w*|groped|groping|\brap(?:ed|ist)\b",
        r"(?:touch(?:ed|es|ing)|kissed|grabbed) (?:me|my (?:body|breasts?|bottom|leg|thigh)|her|him|my (?:daughter|sister|wife|son))",
        r"(?:send|sent|sends|sending) (?:me |her )?(?:dirty|sexual|naked|obscene) (?:messages|pictures|photos|texts)",
        r"ngacm(?:im|o|ua|ues)\w*|abuz(?:im|oi|on|uar|ua)\w* seksual\w*|shqetësim\w* seksual\w*|\bm[ëe] preku\b|\bprekte\b|përdhun\w*|perdhun\w*",
        rf"যৌন{_B}|শ্লীলতাহানি{_B}|ধর্ষণ{_B}|কুপ্রস্তাব{_B}|হয়রানি{_B}|গায়ে হাত{_B}|উত্ত্যক্ত{_B}",
        r"домога\w*|приста(?:вал|ёт|ет|вать|вали)\w*|лапа(?:л|ет|ть)\w*|изнасил\w*|сексуальн\w*|харассмент\w*",
    ),
    Accused.retaliation: (
        r"retaliat\w*|reveng\w*|(?:punish|threaten|blackmail|intimidat)(?:ed|s|ing)? (?:me|us|my|him|her|them)\b|whistle-?blow\w*",
        r"\b(?:because|since|after|for) (?:i|we|he|she|my \w+) (?:complained|reported|spoke up|wrote a complaint)",
        r"(?:if|when) (?:i|we|you) (?:complain|report)\w*[^.!?\n]{0,40}(?:lose|regret|sorry|fired|trouble|never|no more|worse)",
        r"(?:withdraw|take back) (?:my|your|the|our) complaint",
        r"(?:hakmarr|hakmerr|kërcënoi|kercenoi|kërcën|kercen|shantazh)\w*|(?:pasi|sepse|ngaqë|ngaqe|se) (?:u |jam )?anku\w*|tërhiq\w* ankes\w*|terhiq\w* ankes\w*",
        rf"প্রতিশোধ{_B}|হুমকি{_B}|ভয় দেখা{_B}|অভিযোগ (?:করায়|করার (?:পর|কারণে|জন্য))|ব্ল্যাকমেইল{_B}|অভিযোগ তুলে নি{_B}",
        r"\bмст(?:ит|ят|ить|ил|или)\b|месть\w*|угрожа\w*|угроз(?:ы|ами|у) от|шантаж\w*|запугива\w*|(?:после|из-за) (?:моей |нашей )?жалобы|за то,? что (?:я |мы )?(?:по)?жаловал\w*|забрать жалобу|отозвать жалобу",
    ),
    Accused.bribery: (
        r"\bbrib\w*|\bkick-?backs?\b|baksheesh|\bcorrupt(?!ed (?:file|data|pdf|download|document|image|photo))\w*|embezzl\w*|extort\w*|pocket(?:ed|s|ing) (?:the|our|my) (?:money|cash|fee)",
        r"under[ -]the[ -]table|without (?:a |any )?(?:receipt|reciept|bill)\b|no rec(?:ei|ie)pt (?:was )?(?:given|issued|for it)|(?:refused|wouldn'?t|didn'?t|never) (?:to )?(?:give|gave|issue)\w* (?:me |us )?(?:a |any )?rec(?:ei|ie)pt",
        r"(?:ask(?:ed|s|ing)?|demand(?:ed|s|ing)?|want(?:ed|s|ing)?|wntd|took|takes|taking|request(?:ed|s)?|expects?|told (?:me|us) to (?:pay|give|bring)|insist\w*)[^.!?\n]{0,40}"
        r"(?:extra money|extra cash|a gift|gifts|tips?\b|a present|coffee money|money for (?:himself|herself|tea|coffee|petrol|fuel)|cash (?:for|in hand|to)|(?:money|cash|\d+) (?:extra|more|off me|2 |to (?:speed|do it|move|sign|help|let|find|finish|push|look)))",
        r"(?:extra|some|more|unofficial|additional) (?:money|cash|payment|fee) (?:to|for|2|so|or|in order|if|before)|(?:pay|paid|give|gave|slip(?:ped)?) (?:the|an?|him|her|them|some(?:one|body)) (?:\w+ ){0,3}(?:extra|envelope|under|to speed|to get it done|something)|envelope (?:with|of|for)",
        r"(?:money|cash|pay\w*|\d+)[^.!?\n]{0,30}(?:to (?:speed|move|push) (?:it|things|my|the)|to jump the queue|to skip the (?:queue|line)|or (?:else )?(?:it|nothing|you|they|he|she) (?:will|would|won'?t|never))",
        _near(
            _STAFF_EN,
            r"(?:ask(?:ed|s|ing)?|demand(?:ed|s|ing)?|want(?:ed|s)?|took|takes|charged) (?:(?:me|us|him|her|my \w+|for|a|an|some|about|extra) ){0,3}(?:money|cash|\$?\d[\d.,]*(?! ?(?:hours?|days?|weeks?|months?|minutes?|times?|papers|documents|photos|copies))|payment)\b",
        ),
        r"(?:who|those who|people who|ppl who) (?:know|pay|paid|slip)\w* (?:someone|somebody|extra|more|money|cash)\b|who would pay for the (?:fuel|petrol)|(?:given|go(?:es)?|sold|reserved)[^.!?\n]{0,30}(?:same (?:two|three|few) famil|cousin|relatives|nephew|friends of)|nepotis\w*|connections go (?:in )?first",
        r"ryshfet\w*|rryshfet\w*|mit[ëe]\b|korru\w*|nën dorë|nen dore|nën tavolinë|nen tavoline|bakshish\w*|zarf\w* me|lek[ëe] (?:mbi|nën|nen|shtesë|shtese|ekstra)|(?:kërkoi|kerkoi|kërkon|kerkon|kërkuan|kerkuan|donte|do|mori) (?:\w+ ){0,3}(?:lek[ëe]?|para|euro|dhuratë|dhurate)\b|pa (?:faturë|fature|kupon)|për kafe|per kafe|pa lek[ëe] (?:s'|nuk|ska)",
        rf"ঘুষ{_B}|বকশিশ{_B}|দুর্নীতি{_B}|উপরি{_B}|চা[- ]?(?:পানি|নাস্তা)র? (?:টাকা|খরচ)|টেবিলের নিচে|রসিদ (?:ছাড়া|দেয়নি|দেয় না|দিল না)|(?:অতিরিক্ত|বাড়তি|আলাদা) টাকা{_B} ?(?:চা|না দিলে|দাবি|নি)|টাকা না দিলে|টাকা (?:চেয়েছে|চাইল|চায়|চাইছে|দাবি|খায়)",
        r"взят\w*|взятк\w*|коррупц\w*|корруп\w*|вымога\w*|откат(?:ы|ов|а|ом)?\b|в конверте|конверт(?:е|ик|а|ом)?\b|на лапу|поборы|без (?:чека|квитанции|квитанций)|мимо кассы|на чай|(?:просил|просит|просят|потребовал|требу[ею]т|требовал|попросил|намека\w*|вз[яи]л|берут|бер[её]т)\w*[^.!?\n]{0,40}(?:деньг|денег|\d+ ?(?:тыс|евро|лек|руб|долл)|подар|благодарност)|за деньги без очереди|кумовств\w*",
    ),
    Accused.conduct: (
        _near(
            _STAFF_EN,
            r"(?:rude(?:ly)?|insult\w*|shout(?:ed|s|ing)?|scream(?:ed|s|ing)?|yell(?:ed|s|ing)?|swor[en]|swears?|swearing|curs(?:ed|es|ing)|mock(?:ed|s|ing)|laugh(?:ed|s|ing)?|humiliat\w*|threaten\w*|hit (?:me|him|her|my|us|a child|the child|pupils|children)|slap(?:ped|s)?|beat(?:s|en|ing)?\b|push(?:ed|es)?\b|spat|racist|discriminat\w*|disrespect\w*|drunk|abus\w*|ignor(?:ed|es|ing)|arrogan\w*|lied|lies|lying|liar|threw (?:my|me|us|out)|sleep(?:s|ing)?|asleep|on (?:the|his|her|their) phone|private (?:lessons|clinic|practice|patients)|steal\w*|stole|misus\w*|forg(?:ed|es|ing|ery)|favou?ritism|bull(?:y|ied|ying|ies))\b",
        ),
        r"(?:drove|drives?|driving) off laughing|shut the door in (?:front|my face|the face)|complain\w* (?:about|against|on) (?:the|an?|your|one of your|this) (?:\w+ ){0,3}"
        + _STAFF_EN,
        r"\b(?:he|she|they|sb|somebody|someone|the (?:man|woman|lady|guy)) (?:was|were|is|are) (?:so |very |really |extremely )?(?:rude|drunk|abusive|aggressive|insulting|racist)\b|\b(?:insulted|humiliated|slapped|beat up|shouted at|yelled at|swore at|screamed at|spat (?:at|on)|laughed at) (?:me|us|my|at|her|him|an? )",
        _near(
            _STAFF_SQ,
            r"(?:ofend\w*|bërtiti|bertiti|bërtet|bertet|bërtasin|ulërin\w*|uleri\w*|shau|shan|shan[ëe]|fyeu|fyen|fyer|tall\w*|qeshi|qesh\w*|kërcën\w*|kercen\w*|goditi|godet|rrahu|shty(?:u|n)|i pirë|i pire|i dehur|arrogan\w*|pasjell\w*|i vrazhd[ëe]|e vrazhd[ëe]|diskrimin\w*|përbuz\w*|perbuz\w*|injoro\w*|gënje\w*|genje\w*|vjedh\w*|vodhi|vjedhur|kurse private|rri me telefon|rri n[ëe] telefon|mbylli derën)",
        ),
        r"(?:m[ëe]|na) (?:ofendoi|ofenduan|shau|shan[ëe]|fyeu|fyen|bërtiti|bertiti|tallën|tallen|poshtëroi|posht[ëe]ruan|goditi|shtyu|kërcënoi|kercenoi)|ankes[ëe] (?:ndaj|kundër|kunder|për|per) (?:\w+ )?"
        + _STAFF_SQ,
        rf"(?:{_STAFF_BN}){_GAP}(?:খারাপ (?:ব্যবহার|আচরণ)|দুর্ব্যবহার|গালি|গালাগাল|অপমান|ধমক|চিৎকার|মার(?:ল|ধর|েছে|লেন)|থাপ্পড়|মাতাল|মিথ্যা|প্রাইভেট পড়|চুরি|ঘুমা|বৈষম্য|হাসাহাসি|তাড়িয়ে দি|মোবাইল)|(?:খারাপ (?:ব্যবহার|আচরণ)|দুর্ব্যবহার|গালাগালি?|গালি (?:দি|দে)|অপমান (?:কর|কো)|থাপ্পড়){_B}",
        _near(
            _STAFF_RU,
            r"(?:хам\w*|груб\w*|оскорб\w*|наорал\w*|орал\w*|ор[её]т\w*|крич\w*|накрич\w*|унижа\w*|унизил\w*|издева\w*|смея\w*|обозва\w*|матер\w*|матом|удар\w*|толкну\w*|избил\w*|бил\w*|пьян\w*|врёт|врет|врал\w*|солгал\w*|обманыва\w*|обману\w*|украл\w*|ворует|вору[ею]т|дискримин\w*|нахам\w*|спит|репетитор\w*|частные уроки|выгнал\w*|закрыл\w* дверь)",
        ),
        r"\bхам(?:ит|ят|ство|ски|ила|или|ка|ьё|ил)\w*|нахамил\w*|наорал\w* на|оскорбил\w* (?:меня|нас|мою|моего)|обозвал\w* (?:меня|нас|мою|моего)|жалоба на (?:\w+ )?"
        + _STAFF_RU
        + r"|жалуюсь на (?:\w+ )?"
        + _STAFF_RU,
    ),
}
# each pattern is tried only on texts that have letters of its script
_SCRIPTS = {
    "bengali": re.compile("[\u0980-\u09ff]"),
    "cyrillic": re.compile("[\u0400-\u04ff]"),
    "latin": re.compile("[a-z]"),
}


def _script(pattern: str) -> str:
    return next((name for name, letters in _SCRIPTS.items() if letters.search(pattern)), "latin")


_COMPILED = {kind: tuple((_script(p), re.compile(p)) for p in patterns) for kind, patterns in _RULES.items()}
_START = re.compile(r"[\w\u0980-\u09ff]")
# longer messages are read in full only as far as anybody would write them
_READ = 10_000
_MOST_WORDS = 5


def accuses(text: str) -> Accusation | None:
    """The accusation a message makes, or None. Sees English, Albanian, Bengali and Russian, mixed as they come."""
    text = text[:_READ].lower().replace("’", "'").replace("ʼ", "'")
    scripts = {name for name, letters in _SCRIPTS.items() if letters.search(text)}
    for kind, patterns in _COMPILED.items():
        words = []
        for script, pattern in patterns:
            for match in pattern.finditer(text) if script in scripts else ():
                if _whole(text, match.start()):
                    words.append(" ".join(match.group().split()))
        if words:
            return Accusation(kind, tuple(dict.fromkeys(words))[:_MOST_WORDS])
    return None


def _whole(text: str, start: int) -> bool:
    """Whether a match starts a word rather than in the middle of one."""
    return start == 0 or not _START.match(text[start - 1]) or not _START.match(text[start])

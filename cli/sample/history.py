"""Three months of plausible history, from a seed: the same seed, moment and secret key give the same events.

What happened is invented; that it hangs together is not: cases are told by `story` with the rules of the real program,
so every timeline verifies and every figure on every page can be counted back to them.
"""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

from channels.values import Channel
from cli.sample import asked_more, causes, crowd, earlier, made_up, meetings, plots, ratings, trials
from cli.sample.phrases import phrases
from cli.sample.rows import Rows
from cli.sample.world import World
from domain.case import Case
from domain.catalogue import Catalogue
from domain.staff import Staff, StaffRole

DAYS = 91
CASES = 1_500
ACCUSATIONS = 0.015

Progress = Callable[[str, float], None]

# people write before work, at lunch and after supper; hardly at night
_BY_HOUR = (1, 1, 0, 0, 0, 1, 3, 7, 10, 12, 11, 9, 9, 8, 7, 6, 6, 7, 9, 10, 9, 6, 4, 2)
_BY_WEEKDAY = (13, 12, 11, 11, 10, 6, 5)
_CHANNELS = (
    *((Channel.sms, 43), (Channel.telegram, 21), (Channel.web, 16), (Channel.whatsapp, 7)),
    *((Channel.email, 5), (Channel.assisted, 5), (Channel.kiosk, 3)),
)
_PLACES = {
    "en": ("Marenza", "Portelo", "Kelda", "Torvin", "Veshti", "Sanska", "Ulmora", "Dravesk", "Melit"),
    "sq": ("Marenzë", "Portela", "Keldë", "Torvin", "Veshti", "Sanskë", "Ulmorë", "Dravesk", "Melit"),
    "bn": ("মারেনজা", "পোর্তেলো", "কেলদা", "টরভিন", "ভেশতি", "সানস্কা", "উলমোরা", "দ্রাভেস্ক", "মেলিট"),
    "ru": ("Маренца", "Портело", "Кельда", "Торвин", "Вешти", "Санска", "Ульмора", "Дравеск", "Мелит"),
}
_CROWDS = (26, 14, 15, 15, 8, 6, 6, 5, 5)


@dataclass(frozen=True, slots=True)
class Words:
    """A text of the starter set and what it is about."""

    text: str
    service: str
    language: str


def write(
    rows: Rows,
    known: Catalogue,
    seed: int,
    now: datetime,
    progress: Progress,
) -> None:
    """Gather the whole history that ends at `now`."""
    world = World(known, random.Random(seed), now, rows)
    world.employ(rows.of(Staff), rows.of(StaffRole))
    texts = starter_texts()
    moments = sorted(moment(world.dice, now) for _ in range(CASES))
    for done, at in enumerate(moments):
        if done % 50 == 0:
            progress("Citizens write, offices answer", 0.02 + 0.6 * done / CASES)
        plots.tell(world, message(world, texts, at))
    crowd.write(world)
    progress("Services are rated", 0.65)
    ratings.write(world)
    asked_more.write(world)
    made_up.write(world)
    progress("Offices meet on Mondays", 0.85)
    meetings.write(world, rows.of(Case))
    earlier.write(world, texts)
    causes.write(world)
    trials.write(world)


def starter_texts() -> list[Words]:
    """The texts that the classifier is trained with serve as what citizens wrote."""
    text = (resources.files("nlp") / "starter" / "messages.csv").read_text("utf-8")
    return [Words(row["text"], row["label"], row["lang"]) for row in csv.DictReader(text.splitlines())]


def moment(dice: random.Random, now: datetime) -> datetime:
    """A moment of the last months at which somebody writes; a little more often lately."""
    while True:
        day = now - timedelta(days=DAYS * (1 - dice.random() ** 0.85))
        at = day.replace(
            hour=dice.choices(range(24), _BY_HOUR)[0], minute=dice.randrange(60), second=dice.randrange(60)
        )
        at = at.replace(microsecond=dice.randrange(1_000_000))
        if dice.random() * 13 < _BY_WEEKDAY[at.weekday()] and at < now - timedelta(minutes=2):
            return at


def message(world: World, texts: Sequence[Words], at: datetime) -> plots.Message:
    """What somebody writes at a moment, and how it reaches us."""
    dice = world.dice
    words = dice.choice(texts)
    channel = dice.choices([channel for channel, _ in _CHANNELS], [weight for _, weight in _CHANNELS])[0]
    text = words.text
    if world.chance(ACCUSATIONS):
        text = phrases().pick(dice, "integrity", words.language)
        return plots.Message(at, channel, words.language, text, None)
    if not any(place.casefold()[:4] in text.casefold() for place in _PLACES[words.language]) and world.chance(0.8):
        place = dice.choices(_PLACES[words.language], _CROWDS)[0]
        text = f"{text} {place}" if text.endswith((".", "?", "!", "।")) else f"{text}, {place}"
    return plots.Message(at, channel, words.language, text, words.service)

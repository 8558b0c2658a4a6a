"""One matter that many report in the last hours of the sample history: nobody has looked at it yet.

The cases wait to be compared and counted, as fresh ones do; the running program finds the crowd and the surge itself.
"""

from datetime import timedelta

from channels.values import Channel
from cli.sample import plots
from cli.sample.world import World
from core.ids import new_id
from domain.crowd import Likeness
from domain.states import LikenessState

LASTS = timedelta(minutes=95)
ENDED = timedelta(minutes=6)
TOLD = (
    ("en", "The water main burst on rruga e Pishave in Torvin, the road is under water"),
    ("en", "burst pipe rruga e Pishave Torvin, water everywhere, nobody is here yet"),
    ("sq", "Plasi tubi kryesor në rrugën e Pishave, Torvin, rruga është nën ujë"),
    ("en", "Rruga e Pishave in Torvin: the main pipe burst and there is no water in the flats"),
    ("sq", "ka plasur tubi te rruga e Pishave Torvin, uji po derdhet prej një ore"),
    ("en", "the pipe on rruga e Pishave, Torvin burst this morning, water runs into the cellars"),
    ("ru", "Прорвало трубу на улице Пишаве в Торвине, вода течёт по дороге"),
    ("sq", "Tubi i ujit plasi në rrugën e Pishave në Torvin, s'kemi ujë në pallat"),
    ("en", "water main burst, rruga e Pishave, Torvin. Please shut it off"),
    ("bn", "টরভিনে পিশাভে সড়কে পানির মূল পাইপ ফেটে গেছে, রাস্তায় পানি"),
    ("sq", "rruga e Pishave Torvin tubi ka plasur, fëmijët nuk kalojnë dot për në shkollë"),
    ("en", "no water in our building, the main burst on rruga e Pishave Torvin"),
    ("ru", "Торвин, улица Пишаве: прорвало водопровод, дорога под водой"),
    ("en", "rruga e Pishave Torvin is flooded, the water main burst an hour ago"),
    ("sq", "Plasi tubi i madh te rruga e Pishave, Torvin, uji hyri në bodrum"),
    ("en", "The water main burst on rruga e Pishave in Torvin, the road is under water now"),
)
_CHANNELS = (Channel.sms, Channel.telegram, Channel.sms, Channel.whatsapp)


def write(world: World) -> None:
    """Tell of it, one citizen after the other, none of them answered yet."""
    began = world.now - ENDED - LASTS
    for number, (language, text) in enumerate(TOLD):
        at = began + LASTS * (number / (len(TOLD) - 1)) + timedelta(seconds=world.dice.uniform(0, 60))
        channel = _CHANNELS[number % len(_CHANNELS)]
        story = plots.open_case(world, plots.Message(at, channel, language, text, "water-outage", picked=True))
        story.finish()
        world.rows.add(
            Likeness, id=new_id(), case_id=story.case.id, state=LikenessState.waiting, due_at=story.case.opened_at
        )

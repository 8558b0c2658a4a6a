"""Settings of figures; part of `core.settings`."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode


class FigureSettings(BaseSettings):
    """What a deployment says of its figures. `officer_figures` is off by default: the law of many places forbids them,
    and staff are to be heard before they are turned on."""

    message_prices: Annotated[dict[str, float], NoDecode] = Field(
        {},
        description="Price of one message by channel in OMBUD_SMS_CURRENCY, as whatsapp=0.03,email=0.0004; SMS are"
        " priced by the segment.",
    )
    figures_seconds: float = Field(
        20.0, gt=0, le=60, description="Seconds between two looks at what changed, after which figures follow."
    )
    officer_figures: Literal["off", "shown", "exported"] = Field(
        "off",
        description="Figures of single officers: off; shown to themselves, who leads their office, and auditors; or"
        " exported too, for performance pay where the law has it.",
    )

    @field_validator("message_prices", mode="before")
    @classmethod
    def _prices(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        prices = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
        if any(not channel or not re.fullmatch(r"\d+(\.\d+)?", price) for channel, price in prices.items()):
            raise ValueError("needs a channel and a price each, as whatsapp=0.03, separated by commas")
        return {channel.strip(): float(price) for channel, price in prices.items()}

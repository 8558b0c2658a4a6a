"""Settings of what the public is told; part of `core.settings`."""

from pydantic import Field
from pydantic_settings import BaseSettings


class OpenSettings(BaseSettings):
    """The public's page: when a month is counted, when it is out, who lets it out, and how small a number may be."""

    open_least: int = Field(
        5, ge=5, description="Fewest cases, or answers, that a public figure or row of open data is about."
    )
    open_freeze_days: int = Field(
        10, ge=1, le=60, description="Days after the end of a month until its public figures are counted, once."
    )
    open_embargo_days: int = Field(
        5, ge=0, le=60, description="Days from then until they may be public, in which offices look at them."
    )
    open_approvals: int = Field(
        1,
        ge=0,
        le=2,
        description="People who must approve a month before it is public; 0 lets it out by itself after the embargo.",
    )
    open_licence: str = Field(
        "CC-BY-4.0", pattern=r"^[A-Za-z0-9.+-]+$", description="SPDX name of the licence of the open data."
    )
    open_licence_url: str = Field(
        "https://creativecommons.org/licenses/by/4.0/", description="Address of the text of that licence."
    )

"""Settings of how staff sign in; part of `core.settings`."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode


class SignInSettings(BaseSettings):
    """Sessions, the second factor, links to choose a password, and signing in with an identity provider."""

    session_hours: int = Field(12, ge=1, description="Hours after which staff sign in again.")
    session_idle_minutes: int = Field(
        120, ge=5, description="Minutes without a click after which a browser is signed out."
    )
    second_factor_roles: Annotated[tuple[str, ...], NoDecode] = Field(
        ("admin", "integrity"),
        description="Roles that sign in with a code of their telephone besides the password, comma-separated, `*` for "
        "all, `none` for none; in the demo none unless set.",
    )
    invite_hours: int = Field(72, ge=1, description="Hours the link that invites somebody is good for.")
    reset_minutes: int = Field(60, ge=5, description="Minutes a link for a forgotten password is good for.")
    oidc_issuer: str = Field(
        "", description="Address of an OpenID Connect provider that staff sign in with; empty offers none."
    )
    oidc_client_id: str = Field("", description="What the provider knows this installation by.")
    oidc_client_secret: str = Field("", description="Its password there; empty for a public client.")
    oidc_name: str = Field("", description="What the button calls the provider; empty shows its host.")
    password_sign_in: bool = Field(
        True, description="Whether staff may sign in by password; off leaves it to OMBUD_BREAK_GLASS_EMAIL alone."
    )
    break_glass_email: str = Field(
        "", description="The one administrator who may sign in by password when nobody else may."
    )

    @field_validator("second_factor_roles", mode="before")
    @classmethod
    def _roles(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        roles = tuple(part.strip() for part in value.split(",") if part.strip())
        return () if roles == ("none",) else roles

    def check_sign_in(self) -> None:
        """Raise ValueError for settings that contradict each other, or that would lock everybody out."""
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("OMBUD_OIDC_ISSUER needs OMBUD_OIDC_CLIENT_ID")
        if not self.password_sign_in and not (self.oidc_issuer and self.break_glass_email):
            raise ValueError("OMBUD_PASSWORD_SIGN_IN=false needs OMBUD_OIDC_ISSUER and OMBUD_BREAK_GLASS_EMAIL")

    def factor_roles(self, *, demo: bool) -> frozenset[str]:
        """Roles that need a second factor; a demo asks for one only where that was set."""
        if demo and "second_factor_roles" not in self.model_fields_set:
            return frozenset()
        return frozenset(self.second_factor_roles)

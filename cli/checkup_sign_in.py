"""What `ombud doctor` looks at for signing in: roles that exist, and an identity provider that answers."""

from api import identity
from core.settings import Settings
from domain.states import Role


def faults(current: Settings) -> list[tuple[str, str]]:
    """What does not hold, and how to mend it."""
    found = []
    known = {*map(str, Role), "*"}
    if unknown := sorted(set(current.second_factor_roles) - known):
        what = f"OMBUD_SECOND_FACTOR_ROLES names {', '.join(unknown)}, which is no role, so nobody is asked."
        found.append((what, f"Use {', '.join(sorted(known))} or none."))
    if current.oidc_issuer:
        try:
            identity.check()
        except identity.NotVouched:
            what = f"{current.oidc_issuer} does not answer as an OpenID Connect provider."
            found.append((what, "Check OMBUD_OIDC_ISSUER: /.well-known/openid-configuration below it must name it."))
    return found


def seen(current: Settings) -> str:
    """What holds, in a sentence."""
    roles = current.factor_roles(demo=current.environment == "demo")
    ways = [*(["by password"] if current.password_sign_in else []), *(["by provider"] if current.oidc_issuer else [])]
    asked = f"a second factor for {', '.join(sorted(roles))}" if roles else "no second factor is asked for"
    return f"{' and '.join(ways)}; {asked}"

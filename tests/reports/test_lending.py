"""Sites that may show a dashboard within theirs: what is written of them stands in a header afterwards."""

import pytest

from core.errors import BadInput
from reports import lending

NO_SITES = (
    "https://gov.example; script-src *", "https://gov.example/page", "javascript:alert(1)", "http://gov.example", "*",
    "https://*.gov.example", "'self'", "https://user@gov.example", "https://gov.example:99999", "https://", "https://[",
    "https://gov.example?x", "https://-x.example", "gov.example", "https://gov.example;", "https://gov_example",
    " ".join(f"https://s{one}.example" for one in range(11)),
)  # fmt: skip


@pytest.mark.parametrize("sites", NO_SITES)
def test_what_is_no_site_is_refused(sites: str) -> None:
    with pytest.raises(BadInput):
        lending.sites_of(sites)


def test_sites_are_named_as_browsers_name_them() -> None:
    found = lending.sites_of("https://BÜCHER.example:443 http://localhost:8080,\nhttps://a.example/ https://A.example")
    assert found == ["https://xn--bcher-kva.example", "http://localhost:8080", "https://a.example"]
    assert lending.sites_of(" ") == []

"""The application in this process, on both databases."""

from collections.abc import Iterator

import pytest

from tests.api.site import Web, web_of
from tests.conftest import Installation


@pytest.fixture
def web(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The application over the test government."""
    with web_of(installation, monkeypatch) as served:
        yield served

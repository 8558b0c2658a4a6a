from collections.abc import Iterator

import pytest

from tests.simulators.world import World, world


@pytest.fixture(scope="module")
def live() -> Iterator[World]:
    """One simulated world per test file."""
    with world() as made:
        yield made


@pytest.fixture
def net(live: World) -> Iterator[World]:
    """The file's world, clean."""
    live.reset()
    yield live
    live.reset()

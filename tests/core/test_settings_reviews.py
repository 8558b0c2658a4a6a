"""The ladder of actions is set in words, and a mistake is told."""

import pytest
from pydantic import ValidationError

from core.settings_reviews import ReviewSettings


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("owner=1,head=3,parent_office=5,leadership=10", [1, 3, 5, 10]),
        (" head=2 , leadership=4 ", [2, 4]),
    ],
)
def test_steps_are_read(text: str, steps: list[int]) -> None:
    assert list(ReviewSettings(action_ladder=text).action_ladder.values()) == steps


@pytest.mark.parametrize(
    "text", ["", "head=1,owner=2", "owner", "owner=x", "owner=0", "owner=-1", "owner=3,head=3", "boss=1", "owner=999"]
)
def test_a_wrong_ladder_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        ReviewSettings(action_ladder=text)

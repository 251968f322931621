"""What people say of their own age, and what is said of others or of anything else."""

import pytest

from nlu.ages import own_age


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("我今年十七岁，能办吗", 17),
        ("俺才15岁", 15),
        ("我１６周岁了", 16),
        ("我今年17，想开店", 17),
        ("我还没满18", 17),
        ("我马上十八岁了", 17),
        ("我还没成年", 17),
        ("我四十五岁", 45),
        ("本人现在也就十四岁", 14),
        ("我儿子十七岁", None),
        ("司机都没超过60岁", None),
        ("我店里60平", None),
        ("我就15平", None),
        ("我都要，1", None),
        ("我今年3月开业", None),
        ("我今年12.5万投进去了", None),
        ("我收三岁以下的娃", None),
        ("我想开店", None),
    ],
)
def test_an_age(text: str, age: int | None) -> None:
    assert own_age(text) == age

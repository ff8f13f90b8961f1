"""Elements by their attributes."""

import pytest
from lxml import etree, html  # type: ignore[import-untyped]

from services.parsing.formats.html.tags import Holders

PAGE = '<body><p style="a" color="b">1<b color="c">2</b></p><i bgcolor="d">3</i><p>4</p><u style="e">5</u>'


@pytest.mark.parametrize(
    "attributes",
    [
        ("//@style",),
        ("//@style", "//@color"),
        ("//@color", "//@style", "//@bgcolor"),
        ("//@x",),
        ("//@x", "//@*"),
    ],
)
def test_they_are_those_of_a_union_of_paths_in_its_order(attributes: tuple[str, ...]) -> None:
    root = html.fromstring(PAGE)

    assert Holders(*attributes)(root) == etree.XPath(" | ".join(f"{one}/.." for one in attributes))(root)

"""The editor's note: Markdown that cannot do anything but be read."""

import pytest

from digests.note import note_html


def test_markdown_is_rendered_below_the_digests_own_headings() -> None:
    made = note_html("# One\n\n**bold** and [site](https://example.org)\n\n- a\n- b")
    assert "<h3>One</h3>" in made
    assert "<strong>bold</strong>" in made
    assert 'href="https://example.org"' in made
    assert "<li>a</li>" in made


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,xx)",
        "![pixel](https://evil.example/p.png)",
        "<a href='javascript:x' onclick=y>z</a>",
        "<style>*{display:none}</style>",
        "[x](vbscript:a)",
        "[x]( java\nscript:alert(1))",
    ],
)
def test_nothing_in_it_runs_or_is_fetched(hostile: str) -> None:
    made = note_html(hostile)
    for bad in ("<script", "<img", "<style", 'href="javascript', 'href="data', 'href="vbscript', "<a href='"):
        assert bad not in made.lower()


def test_nothing_is_nothing() -> None:
    assert note_html("  \n") == ""

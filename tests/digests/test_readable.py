r"""digests.readable: LaTeX becomes signs where a line can say it, and stays where it cannot."""

import pytest

from digests.readable import readable
from digests.render_atom import render_atom
from digests.render_bibtex import render_bibtex
from digests.render_html import render_html
from digests.render_json import render_json
from digests.render_markdown import render_markdown
from digests.types import Section
from tests.digests.reading import Page
from tests.digests.samples import digest, entry, sentence


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"sorts in $\mathcal{O}(n \log n)$ time", "sorts in 𝒪(n log n) time"),
        (r"needs $O(n^2)$ steps, $O(n^{2k})$ at worst", "needs O(n²) steps, O(n²ᵏ) at worst"),
        (r"$\sim$3x faster, up to $10\times$", "∼3x faster, up to 10×"),
        (r"a rate of $2.5 \times 10^{-3}$", "a rate of 2.5 × 10⁻³"),
        (r"weights $\mathbf{x}_{t+1}$ in $\mathbb{R}^d$", "weights xₜ₊₁ in ℝᵈ"),
        (r"$\tilde{O}(\sqrt{T})$ regret, $k\leq4$", "Õ(√(T)) regret, k ≤ 4"),
        (r"$W_{QK}$, $x_{i,j}$, $e^{x/2}$, $N^{1.5}$", "W_QK, x_(i,j), e^(x/2), N^1.5"),
        (r"\(k = 4\) of $n$ blocks, $3$ runs", "k = 4 of n blocks, 3 runs"),
        (r"\textit{Quartz}: an \emph{\textbf{easy}} way, {\em Zephyr}", "Quartz: an easy way, Zephyr"),
        (r"Erd\H{o}s, G\"odel, Schr{\"o}dinger, {\L}ukasz", "Erdős, Gödel, Schrödinger, Łukasz"),
        (r"Fran\c{c}ois, Bj\o rn, Mart\'{\i}n", "François, Bjørn, Martín"),
        (r"saves 30\% of R\&D", "saves 30% of R&D"),
        (r"``lazy'' paging", "“lazy” paging"),
        (r"$\frac{1}{2}$ of it", "1/2 of it"),
    ],
)
def test_latex_is_shown_as_signs(source: str, shown: str) -> None:
    assert readable(source) == shown


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5M, while the other costs US$7M.",
        "between $5 and $6 an hour",
        r"kept under C:\temp\new, see \unknowncmd{x} and \url{https://docs.example}",
        r"the share $\frac{a+b}{c}$ and the root $n^{\frac{1}{2}}$",
        r"$\input{secret}$ and $$x$$",
        "a lone $ and a lone \\",
        "plain words, `code` and {braces}",
        "<script>$</script>\\",
    ],
)
def test_what_a_line_cannot_say_stays_as_it_was_written(text: str) -> None:
    assert readable(text) == text


def test_exports_show_signs_and_data_keeps_the_source() -> None:
    title, said = r"Paging in $\mathcal{O}(n)$ after Erd\H{o}s", r"Zephyr needs $10\times$ less memory."
    made = entry(title=title, summary=said, sentences=(sentence(said, "arxiv:2301.00001"),))
    sections = (Section(topic="serving", title="Serving", entries=(made,)),)
    found = digest(summary=f"Must-read: “{title}”.", sections=sections)
    page = Page(render_html(found)).words
    for shown in (page, render_markdown(found), render_atom([found])):
        assert "Paging in 𝒪(n) after Erdős" in shown
    assert "Zephyr needs 10× less memory." in page
    assert "Zephyr needs 10× less memory." in render_markdown(found)
    assert said.replace("\\", "\\\\") in render_json(found)
    assert r"$\mathcal{O}(n)$" in render_bibtex([found])

"""An answer as it stands on the page: quotes, sentences with their marks, sums, and what was not found.

Pure HTML. Escapes all that a source, a model or a reader wrote; links are those of stored documents. Invariant:
a sentence that nothing bears out is marked where it stands, with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from chat.types import Answer, Citation, Statement
from chat.wording import fallback
from kb.text import normalise
from ui.ask_computed import add_ways, comparisons_html, estimate_html, request_html
from ui.ask_sources import Sources, candidates_html, chips, lang_of, place, source_line, sources_list
from ui.render import empty, esc, said, shorten, spans

HEADED = 280
"""Letters of a question that are shown at once: a pasted text would push its answer out of view."""
UNSUPPORTED = "not supported by the library"
_STANDS_IN = tuple(fallback(language, "\0").partition("\0")[0] for language in ("en", "zh"))
"""How a notice begins that quotes stand in for what a model should have written."""


def answer_html(answer: Answer, sources: Sources, told: Sequence[str] = (), *, form: bool = False) -> str:
    """Return an answer.

    Args:
        told: notices that the reader has seen above.
        form: fields for what a sum lacks follow.
    """
    cited = {citation.number: citation for citation in answer.citations}
    instead = [notice for notice in answer.notices if notice.startswith(_STANDS_IN)]
    # Of every such answer, and before its quotes: the reader waits for something else.
    parts = [understood(answer), notices_html(instead)]
    if answer.kind == "declined":
        parts.append(declined_html(answer))
    parts += [comparisons_html(answer.comparisons, cited, sources)]
    parts += [estimate_html(found, cited, sources) for found in answer.estimates]
    parts += [request_html(request, form=form) for request in answer.requests]
    parts += statements_html(answer, cited, sources)
    parts += [coverage_html(answer), _others(answer, cited, sources), notices_html(answer.notices, [*told, *instead])]
    return "".join(parts)


def understood(answer: Answer) -> str:
    """Return how a follow-up was read."""
    if not answer.standalone or answer.standalone == answer.question:
        return ""
    words = shorten(answer.standalone, HEADED)
    return f'<p class="al-note">Understood as <q{lang_of(words)}>{esc(words)}</q></p>'


def statements_html(answer: Answer, cited: Mapping[int, Citation], sources: Sources) -> Iterator[str]:
    """Yield quotes, each with its place, and what was written as running text."""
    if not answer.statements and answer.kind != "declined":
        yield "".join(f"<p{lang_of(line)}>{esc(line)}</p>" for line in answer.text.split("\n") if line.strip())
        return
    shown = [statement for statement in answer.statements if not _told_by_card(statement, answer)]
    for is_quote, run in groupby(shown, key=lambda statement: statement.status == "quoted"):
        if is_quote:
            yield from quotes_html(run, cited, sources)
            continue
        statements = list(run)
        words = " ".join(sentence_html(statement, cited, sources) for statement in statements)
        yield f'<p class="al-para al-written"{lang_of(" ".join(s.text for s in statements))}>{words}</p>'


def _told_by_card(statement: Statement, answer: Answer) -> bool:
    """Whether a card or the table of a claim says what stands as text for scripts."""
    if answer.comparisons:
        return statement.status in ("computed", "said", "supported")
    cards = answer.estimates or answer.requests
    return bool(cards) and statement.status in ("computed", "said") and not statement.numbers


def quotes_html(statements: Iterable[Statement], cited: Mapping[int, Citation], sources: Sources) -> Iterator[str]:
    """Yield quoted sentences, each under its place; quotes that follow one another in one place share its line."""
    before: list[tuple[str, ...]] = []
    for statement in statements:
        held = [cited[number] for number in statement.numbers if number in cited]
        lines = "".join(source_line(citation, sources) for citation in held)
        places = [place(citation, sources) for citation in held]
        # What the place says already needs no saying before the quote.
        told = any(normalise(statement.context) in normalise(part) for citation in held for part in citation.path)
        lead = "" if told or not statement.context else f'<span class="al-lead">{esc(statement.context)}: </span>'
        caption = f"<figcaption>{lines}</figcaption>" if places != before else ""
        yield (
            f'<figure class="al-quoted{"" if caption else " al-same"}">{caption}'
            f'<blockquote class="al-para"{lang_of(statement.text)}>{lead}{esc(statement.text)}'
            f"{chips(statement.numbers, cited, sources)}</blockquote></figure>"
        )
        before = places


def sentence_html(statement: Statement, cited: Mapping[int, Citation], sources: Sources) -> str:
    """Return a written sentence; one that nothing bears out is marked and says why."""
    marks = chips(statement.numbers, cited, sources)
    if statement.status != "unsupported":
        return f"<span>{esc(statement.text)}{marks}</span>"
    why = "; ".join([UNSUPPORTED, *statement.reasons])
    return f'<span class="al-doubt"><span>{esc(statement.text)}</span>{marks} <small>({esc(why)})</small></span>'


def coverage_html(answer: Answer) -> str:
    """Return who wrote an answer and how much of it is borne out."""
    parts: list[str] = []
    if answer.model:
        parts.append(f"Written by {esc(answer.model)}")
    if answer.coverage is not None:
        held, all_of = answer.coverage.supported, answer.coverage.total
        tone = "al-ok" if held == all_of else "al-bad"
        words = f"{held} of {all_of} sentences supported by the library"
        parts.append(f'<span class="al-badge {tone}">{words}</span>')
    if answer.usage is not None and answer.milliseconds:
        parts.append(f"{answer.milliseconds / 1000:.1f} s")
    return f'<div class="al-meta">{spans(parts)}</div>' if parts else ""


def _others(answer: Answer, cited: Mapping[int, Citation], sources: Sources) -> str:
    """Return the list of sources, without those whose quote stands in full above."""
    quoted = {number for s in answer.statements if s.status == "quoted" for number in s.numbers}
    return sources_list([citation for number, citation in sorted(cited.items()) if number not in quoted], sources)


def declined_html(answer: Answer) -> str:
    """Say that the library does not have it, what comes nearest, and what can be done."""
    unknown = ", ".join(f"<b{lang_of(word)}>{esc(shorten(word, 80))}</b>" for word in answer.unknown)
    missing = f"<p>Nowhere in your library: {unknown}.</p>" if unknown else ""
    advice = f"<p>{said(answer.advice)}</p>" if answer.advice else ""
    ways = f'<div class="al-acts">{add_ways(answer.question)}</div>'
    near = candidates_html(answer.candidates, answer.question)
    return empty("Not in your library", f"{missing}{advice}{ways}{near}")


def notices_html(notices: Sequence[str], told: Sequence[str] = ()) -> str:
    """Return what else the reader should know, each notice once a conversation."""
    new = [notice for notice in notices if notice not in told]
    return f'<div class="al-notice">{spans(map(said, new))}</div>' if new else ""

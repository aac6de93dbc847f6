"""A conversation as a text that can be kept: Markdown with numbered references, or plain data.

Pure. Owns how an answer reads outside the app. Refuses to let a source write Markdown or HTML: every
character of a question, a sentence or a quote is set as text. Invariant: each [n] in the text stands in the
references with its quote, and a reference whose document is gone says so.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from chat.citations import crumbs
from chat.estimates import value_of
from chat.types import Answer, AnsweredEstimate, Citation, Comparison, Statement, Turn, to_json
from kb.markup import web_address
from kb.text import fold_space

GONE = "no longer in the library"
UNSUPPORTED = "not supported by the library"
_ACTIVE = re.compile(r"([\\`*_\[\]<>|~$&!#])")
_BEGINNING = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|[-+=]|$)", re.M)


def to_markdown(title: str, turns: Sequence[Turn], gone: Collection[Citation] = ()) -> str:
    """Return a conversation as Markdown; `gone` are citations whose documents left the library."""
    parts = [f"# {plain(title)}"]
    for turn in turns:
        # A single question is its own title.
        parts += ["## " + plain(turn.question)] if len(turns) > 1 or turn.question != title else []
        parts += _answer(turn.answer) if turn.answer is not None else _lines(turn.reply)
    parts += _references([turn.answer for turn in turns if turn.answer is not None], gone)
    return "\n\n".join(part for part in parts if part) + "\n"


def to_data(turn: Turn, gone: Collection[Citation] = ()) -> dict[str, Any]:
    """Return a turn as data: the contract for scripts, with places and quotes of the citations."""
    if turn.answer is None:
        return {"question": turn.question, "answer": turn.reply, "citations": []}
    data = to_json(turn.answer)
    for shown, citation in zip(data["citations"], turn.answer.citations, strict=True):
        shown["path"] = list(citation.path)
        shown["published"] = citation.published
        if citation in gone:
            shown["standing"] = GONE
    return {"question": turn.question, "kind": turn.answer.kind, "model": turn.answer.model} | data


def plain(text: str) -> str:
    """Return text on one line whose characters mean nothing in Markdown."""
    return _BEGINNING.sub(r"\1\\\2", _ACTIVE.sub(r"\\\1", fold_space(text)))


def _answer(answer: Answer) -> list[str]:
    parts = [f"*Understood as: {plain(answer.standalone)}*"] if answer.standalone else []
    for found in answer.estimates:
        parts += _estimate(found)
    titles = {found.estimate.calculator: found.title for found in answer.estimates}
    parts += [_comparison(found, titles) for found in answer.comparisons]
    # What was worked out stands above, line by line.
    above = {"computed", "supported"} if answer.comparisons else {"computed"} if answer.estimates else set[str]()
    parts += _statements([one for one in answer.statements if one.status not in above])
    parts += [] if answer.statements else _lines(answer.text)
    if answer.coverage is not None:
        parts.append(f"*{answer.coverage.supported} of {answer.coverage.total} sentences are borne out.*")
    if answer.model:
        parts.append(f"*Written by {plain(answer.model)}, checked against the passages.*")
    return parts


def _statements(statements: Sequence[Statement]) -> list[str]:
    """Quotes stand in paragraphs of their own; what was written runs on."""
    parts: list[str] = []
    running: list[str] = []
    for statement in statements:
        words = plain(statement.text) + "".join(f" [{number}]" for number in statement.numbers)
        if statement.status == "quoted":
            parts += [" ".join(running)] if running else []
            running = []
            lead = f"*{plain(statement.context)}:* " if statement.context else ""
            parts.append(f"> {lead}{words}")
            continue
        doubt = "; ".join([UNSUPPORTED, *map(plain, statement.reasons)])
        running.append(f"{words} *({doubt})*" if statement.status == "unsupported" else words)
    return [*parts, " ".join(running)] if running else parts


def _estimate(found: AnsweredEstimate) -> list[str]:
    estimate = found.estimate
    # One number in several units: as the calculator's page shows it.
    values = " = ".join(value_of(quantity.value, quantity.unit) for quantity in estimate.quantities)
    read = ", ".join(f"{span.text} → {span.parameter} = {span.value}" for span in found.request.spans)
    lines = [
        f"**{plain(found.title)}**: {plain(values)}",
        f"- Formula: {_code(estimate.formula)}",
        f"- With the numbers: {_code(estimate.substitution)}",
    ]
    lines += [f"- Read: {plain(read)}"] if read else []
    lines += [f"- Assumes: {plain(words)}" for words in estimate.assumptions]
    lines += [f"- Mind: {plain(warning.field)}: {plain(warning.message)}" for warning in estimate.warnings]
    lines += [f"- Source: {plain(words)}" for words in estimate.references[:1]]
    marks = " ".join(f"[{number}]" for number in found.defined_by)
    lines += [f"- Defined in: {marks}"] if marks else []
    return [lines[0], "\n".join(lines[1:])]


def _comparison(found: Comparison, titles: Mapping[str, str]) -> str:
    where = f"[{found.number}]" if found.number is not None else plain(titles.get(found.calculator, found.calculator))
    gap = f", {found.gap:+.1%}" if found.gap else ""
    verdict = "agrees" if found.agrees else "not comparable" if found.gap is None else "differs"
    return f"**Claim checked**: {plain(found.claimed)} against {plain(found.found)} ({where}): {verdict}{gap}"


def _references(answers: Iterable[Answer], gone: Collection[Citation]) -> list[str]:
    held: dict[int, list[Citation]] = {}
    for answer in answers:
        for citation in answer.citations:
            known = held.setdefault(citation.number, [])
            if citation.quote not in {other.quote for other in known}:
                known.append(citation)
    if not held:
        return []
    return ["## References", "\n".join(_reference(held[number], gone) for number in sorted(held))]


def _reference(citations: Sequence[Citation], gone: Collection[Citation]) -> str:
    first = citations[0]
    title, *above = crumbs(first)
    path = " › ".join(map(plain, above))
    address = web_address(first.url)
    link = f"<{address}>" if address else ""
    lost = GONE if any(citation in gone for citation in citations) else ""
    line = ". ".join(part for part in (plain(title), path, first.published[:10], link, lost) if part)
    quotes = "".join(f"\n  > {plain(citation.quote)}\n" for citation in citations)
    return f"- [{first.number}] {line}{quotes}"


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{fold_space(text)}{pad}{fence}"


def _lines(text: str) -> list[str]:
    return [plain(line) for line in text.split("\n") if line.strip()]

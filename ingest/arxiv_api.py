"""Papers of arXiv by their ids, fetched from its API.

Owns slices, what counts as an answer, and what became of each id. Refuses pages, notices and halves
sent with status 200. Invariant: a fetched paper is the document that `arxiv_papers` makes of the
same bytes in a file; every id asked for is in the documents or in a warning.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest import arxiv_papers
from ingest._decode import declared_encoding, decode
from ingest._xml import find_root, is_html, prepare
from kb.errors import FetchError, ParseError, SourceError
from kb.references import arxiv_id
from kb.settings import Settings
from kb.types import Document, Kind, Parsed

if TYPE_CHECKING:
    from ingest.fetch import Fetcher

LOCATION = "arxiv:api"
"""The source that fetched papers belong to."""
SLICE = 100
"""Papers asked for in one request."""
_AGAIN = "Wait a few minutes, then fetch again."
_SHOWN = 10


def names_paper(location: str) -> bool:
    """Whether a location is meant as a paper of arXiv: `arxiv:…`, or an address there that holds an id."""
    text = location.strip()
    if text[:6].lower() == "arxiv:":
        return True
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    known = host == "arxiv.org" or host.endswith(".arxiv.org")
    return known and parts.scheme in ("http", "https") and arxiv_id(text) is not None


def fetch_ids(
    ids: Sequence[str],
    *,
    settings: Settings,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
    fetcher: "Fetcher | None" = None,
) -> Parsed:
    """Return the newest version of each paper, in the order asked for.

    Args:
        ids: ids in any form that `kb.references.arxiv_id` knows; versions and repeats collapse.
        settings: address, time-out, largest body, user agent, and the home, where requests are spaced.
        clock: seconds since 1970.
        sleep: waits so many seconds.
        jitter: between 0 and 1.
        fetcher: used instead of one of its own.

    Raises:
        FetchError: something is no id, arXiv cannot be reached, or has none of the papers.
        ParseError: arXiv answers with something else than papers, or refuses the ids.
    """
    from ingest._arxiv_client import Client
    from ingest.fetch import Fetcher  # not needed to read files

    bases = list(dict.fromkeys(_base_of(text) for text in ids))
    client = Client(fetcher or Fetcher(settings, clock=clock, sleep=sleep, jitter=jitter))
    found: dict[str, Document] = {}
    warnings: list[str] = []
    for start in range(0, len(bases), SLICE):
        part = bases[start : start + SLICE]
        try:
            parsed = client.get(client.address_of_ids(part), read_answer)
        except SourceError as error:
            if not found:
                raise
            left = bases[start:]
            warnings.append(f"{len(left)} papers were not fetched ({_shown(left)}): {error.message} {error.hint}")
            break
        warnings += _sort(parsed, part, found)
    if not found:
        raise FetchError(
            f"arXiv sent no paper {_shown(bases)}." if bases else "No arXiv id was given.",
            "Check the number on arxiv.org; ids look like 2309.06180 or hep-th/9901001.",
        )
    return Parsed(
        kind=Kind.ARXIV,
        documents=tuple(found.values()),
        warnings=tuple(dict.fromkeys(warnings)),
        skipped=len(bases) - len(found),
    )


def _sort(parsed: Parsed, asked: Sequence[str], found: dict[str, Document]) -> list[str]:
    """Put the papers asked for into `found`, in that order; return what is to be said of the others."""
    documents = {document.id.removeprefix("arxiv:"): document for document in parsed.documents}
    found |= {base: documents[base] for base in asked if base in documents}
    warnings = list(parsed.warnings)
    if strangers := [base for base in documents if base not in asked]:
        warnings.append(f"arXiv also sent papers nobody asked for; they were left out: {_shown(strangers)}.")
    if missing := [base for base in asked if base not in documents]:
        warnings.append(f"arXiv sent nothing for {_shown(missing)}: check the numbers.")
    return warnings


def _base_of(text: str) -> str:
    known = arxiv_id(text)
    if known is None:
        raise FetchError(
            f"“{text[:200]}” names no paper of arXiv.",
            "Write arxiv:2309.06180 or https://arxiv.org/abs/2309.06180.",
        )
    return known[0]


def _shown(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")


def read_answer(body: bytes, source: str = LOCATION) -> Parsed:
    """Return the papers of an answer that is one.

    Raises:
        ParseError: a page, a notice, half an answer or none; asking again may help.
        Refused: arXiv says that the query is wrong.
    """
    text = text_of(body)
    if is_html(text):
        raise ParseError("arXiv answered with an HTML page instead of papers.", _AGAIN)
    if len(text) < 1000 and "rate exceeded" in text.lower():
        raise ParseError("arXiv answered “Rate exceeded.” instead of papers.", _AGAIN)
    root = find_root(text)
    if root is None or root[0].rpartition(":")[2] != "feed":
        raise ParseError(f"arXiv's answer is no list of papers; it begins “{text.strip()[:80]}”.", _AGAIN)
    parsed = arxiv_papers.parse(text, name="arXiv", source=source)
    if prepare(text, "entry").truncated:
        raise ParseError("arXiv's answer ends early.", _AGAIN)
    if parsed.documents:
        return parsed
    # What became of each id is said by whoever asked.
    return parsed.model_copy(update={"warnings": ()})


def text_of(body: bytes) -> str:
    """Return the text of an answer, in the encoding that its bytes are in."""
    return decode(body, declared=declared_encoding(body))[0]

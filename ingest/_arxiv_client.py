"""Questions to arXiv's API: addresses made, answers asked for patiently, one at a time.

The `arxiv` package states the endpoint's query language and builds the address. Its session, its
retries and its parser stay unused, as measured on 4.0.2: no time-out and no size limit, Retry-After
ignored, a retry without any delay after a reset, pages that are no Atom taken for “no papers”, half
an answer read as a whole one, and one odd date that ends the run. The exchange is the fetcher's; the
raw body goes to the reader that files go to, so that a fetched paper equals the same paper from a file.

Refuses redirects. Invariant: only the configured address is contacted, at most `TRIES` times for one
answer, each in a turn that all processes share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from ingest._arxiv_feed import Refused
from ingest.fetch import Fetched, Fetcher, NotFetched

TRIES = 3
_ATOM = "application/atom+xml, application/xml;q=0.9, */*;q=0.1"
T = TypeVar("T")
Order = Literal["submittedDate", "lastUpdatedDate"]


@dataclass(frozen=True)
class Client:
    """Asks the API; stateless but for the turns it takes."""

    fetcher: Fetcher

    def address_of_ids(self, ids: Sequence[str]) -> str:
        """Return the address that answers with the papers of those ids."""
        import arxiv  # a third of a second, for a library that is mostly read offline

        return self._address(arxiv.Search(id_list=list(ids), max_results=len(ids)), 0, len(ids))

    def address_of_query(self, query: str, start: int, count: int, order: Order) -> str:
        """Return the address that answers with papers that a query finds, newest first."""
        import arxiv

        search = arxiv.Search(query=query, max_results=count, sort_by=arxiv.SortCriterion(order))
        return self._address(search, start, count)

    def _address(self, search: object, start: int, count: int) -> str:
        import arxiv

        if count < 1:
            raise AssertionError("to the API, no papers at most means all papers")
        package = arxiv.Client(page_size=count)
        package.query_url_format = self.fetcher.settings.arxiv_url + "?{}"
        made: str = package._format_url(search, start, count)
        return made

    def get(self, address: str, read: Callable[[bytes], T]) -> T:
        """Return what `read` makes of the answer; one that it cannot read is asked for again.

        Raises:
            NotFetched: no answer: network, time-out, size, redirect, status.
            ParseError: answers only that `read` refused; at once where arXiv refused the query.
        """

        def judge(fetched: Fetched) -> T | Refused:
            try:
                return read(fetched.body)
            except Refused as refusal:
                return refusal  # asking again does not help

        try:
            answer = self.fetcher.ask_arxiv(address, judge, accept=_ATOM, tries=TRIES)
        except NotFetched as failure:
            if b"<feed" in failure.page[:2000]:
                read(failure.page)  # raises what arXiv says of the query
            if failure.cause == "redirect-limit":
                failure.hint = "Networks that want a login redirect: open any page in a browser; else check ARXIV_URL."
            raise
        if isinstance(answer, Refused):
            raise answer
        return answer

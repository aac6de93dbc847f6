"""A quote in an address, and back in its text: short enough for a link, exact enough to be marked.

Pure. Invariant: what is marked is where the text has the quote, letter by letter in the form used for matching;
a text that no longer has it is not marked.
"""

from kb.evidence import quote_in

WHOLE = 160
"""Letters up to which a quote stands whole in an address."""
HEAD, TAIL = 90, 50
GAP = "…"


def for_address(quote: str) -> str:
    """Return a quote as it stands in an address; of a long one its beginning and its end."""
    quote = " ".join(quote.split())
    if len(quote) <= WHOLE:
        return quote
    head = quote[:HEAD].rsplit(" ", 1)[0] if " " in quote[HEAD // 2 : HEAD] else quote[:HEAD]
    tail = quote[-TAIL:].split(" ", 1)[1] if " " in quote[-TAIL : -TAIL // 2] else quote[-TAIL:]
    return f"{head}{GAP}{tail}"


def place_of(quote: str, text: str) -> tuple[int, int] | None:
    """Return where a text has a quote that came from an address, or None."""
    quote = quote.strip()
    whole = quote_in(quote, text) if quote else None
    if whole is not None or GAP not in quote:
        return whole
    head, _, tail = quote.partition(GAP)
    first = quote_in(head, text)
    if first is None:
        return None
    last = quote_in(tail, text[first[1] :]) if tail else None
    return (first[0], first[1] + last[1]) if last is not None else first

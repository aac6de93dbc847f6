"""What a text refers to: arXiv papers, DOIs, repositories and pages, each under one canonical key.

Pure. References join the records of one work across sources, so a key must not depend on how the
link was written. Refuses to guess: only what stands in the text or its links counts.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from kb.text import fold_space, normalise
from kb.types import Link, Reference

_NEW_ID = r"\d{4}\.\d{4,5}"
_ARCHIVES = (
    "astro-ph|cond-mat|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|nlin|nucl-ex|nucl-th|physics|quant-ph|math|cs|"
    "q-bio|q-fin|stat|eess|econ"
)
_OLD_ID = rf"(?:{_ARCHIVES})(?:\.[A-Z]{{2}})?/\d{{7}}"
_ARXIV_NAMED = re.compile(rf"arxiv\s*[:：]?\s*(?:abs/)?({_NEW_ID}|{_OLD_ID})(?:v(\d+))?(?!\d)", re.I)
_ARXIV_LINK = re.compile(
    rf"(?:arxiv\.org|ar5iv\.(?:labs\.)?(?:arxiv\.)?org|alphaxiv\.org|huggingface\.co|hf\.co|paperswithcode\.com)"
    rf"/(?:abs|pdf|html|format|src|e-print|papers|paper|ftp/arxiv/papers/\d{{4}})/({_NEW_ID}|{_OLD_ID})(?:v(\d+))?",
    re.I,
)
_ARXIV_DOI = re.compile(rf"10\.48550/arxiv\.({_NEW_ID}|{_OLD_ID})(?:v(\d+))?", re.I)
_ARXIV_BARE = re.compile(rf"({_NEW_ID}|{_OLD_ID})(?:v(\d+))?")
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"'<>，。；、（）\]]+)", re.I)
_GITHUB = re.compile(r"(?:www\.)?github\.com/([A-Za-z0-9][\w-]*)/([\w.-]+)", re.I)
_URL = re.compile(r"https?://[^\s<>\"'`，。；、！？（）【】「」《》\u3000]+", re.I)
# "Title by Institution (https://…). Remark": how digests list papers.
_ENTRY = re.compile(
    r"^\s*[-*•\d.)]*\s*(?P<title>[^\n(（]{8,250}?)(?:\s+by\s+(?P<who>(?:(?!\sby\s)[^\n]){2,300}?))?\s*"
    r"[(（]\s*(?P<url>https?://[^\s)）]+)\s*[)）]\.?\s*(?P<remark>.*)",
    re.S,
)
# The same without a link: the title must then look like one.
_UNLINKED = re.compile(
    r"^\s*[-*•]\s+(?P<title>[^\n(（]{20,250}?)\s+by\s+(?P<who>[A-Z][^\n.]{2,120})\.\s+(?P<remark>[A-Z].*)", re.S
)
_SMALL_WORDS = frozenset("a an and at by for from in into of on or the to towards via with without".split())
# Words under a link that say nothing of what it leads to.
_GENERIC = re.compile(
    r"(https?:|www\.|\W*(this|that|these|here|there|it|link|links|url|click here|read more|more|source|sources|see|"
    r"paper|papers|arxiv|pdf|abs|code|repo|repository|github|demo|project|page|website|site|blog|post|article|docs?|"
    r"documentation|原文|链接|鏈接|这里|這裡|论文|論文|代码|代碼|项目|項目|网站|網站)\W*$)",
    re.I,
)

TRACKERS = re.compile(
    r"^(utm_\w+|mc_[ce]id|fbclid|gclid|dclid|msclkid|yclid|igshid|mkt_tok|_hsenc|_hsmi|hss_channel|spm|scm|ref_src|"
    r"ref_url|share_token|chksm|vero_id|oly_\w+|wt_\w+|s_cid|cmpid|trk|trackingid)$",
    re.I,
)
NO_HOST = re.compile(r"[\s%<>\"\\^`{|}]")
"""In the place of a host: nonsense, or a trick."""
_GITHUB_NOT_OWNERS = frozenset(
    "topics features sponsors about orgs apps marketplace settings login collections".split()
)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """Return (base id, version) of the first arXiv paper that a text or address names, or None.

    Accepts bare ids, `arXiv:` forms, `/abs/`, `/pdf/….pdf`, `/ftp/arxiv/papers/…`, DOIs of arXiv and
    old ids such as `hep-th/9901001v3`.
    """
    for pattern in (_ARXIV_LINK, _ARXIV_DOI, _ARXIV_NAMED):
        if match := pattern.search(text):
            return _arxiv_parts(match)
    match = _ARXIV_BARE.fullmatch(text.strip().removesuffix(".pdf"))
    return _arxiv_parts(match) if match else None


def _arxiv_parts(match: re.Match[str]) -> tuple[str, int | None]:
    base = match.group(1)
    if "/" in base:
        archive, _, number = base.partition("/")
        base = f"{archive.split('.')[0].lower()}/{number}"
    return base, int(match.group(2)) if match.group(2) else None


def tidy(url: str) -> str:
    """Return an address as one word: blanks in it are encoded, controls dropped, as browsers do."""
    return re.sub(r"[\x00-\x20\x7f\x85\xa0]+", lambda run: "%20" if " " in run[0] else "", url.strip())


def canonical_url(url: str) -> str:
    """Return the address without trackers, default ports and letter case that means nothing.

    Returns an empty string for anything but http and https with a host.
    """
    try:
        parts = urlsplit(tidy(url))
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host or NO_HOST.search(host):
        return ""
    if ":" in host:
        host = f"[{host}]"
    if port and port != {"http": 80, "https": 443}[scheme]:
        host = f"{host}:{port}"
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracker(k, v)])
    fragment = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((scheme, host, parts.path or "/", query, fragment))


def _is_tracker(name: str, value: str) -> bool:
    return bool(TRACKERS.match(name)) or (
        name == "source" and value.startswith(("rss", "user_profile", "friends_link"))
    )


def extract(text: str, links: Sequence[Link] = ()) -> list[Reference]:
    """Return the works and pages that a passage names, in order, each once.

    Args:
        text: the passage.
        links: hyperlinks with spans in this passage; the words under a link become its title.
    """
    titled = [(link.url, text[link.start : link.end].strip()) for link in links]
    found: dict[tuple[str, str], Reference] = {}
    entry = _ENTRY.match(text)
    plain = [(url, "") for url in (_clean(m) for m in _URL.findall(text))]
    for url, words in [*plain, *titled]:
        reference = of_url(url)
        if reference is None:
            continue
        key = (reference.kind, reference.key)
        if entry and _same(entry["url"], url):
            reference = reference.model_copy(
                update={"title": entry["title"].strip(" -–—:"), "remark": entry["remark"].strip()}
            )
        elif words and not _GENERIC.match(words):
            reference = reference.model_copy(update={"title": words})
        if key not in found or (reference.title and not found[key].title):
            found[key] = reference
    for reference in _named(text):
        found.setdefault((reference.kind, reference.key), reference)
    if not entry and (listed := _UNLINKED.match(text)) and _title_case(listed["title"]):
        title = fold_space(listed["title"])
        unlinked = Reference(kind="title", key=normalise(title), url="", title=title, remark=listed["remark"].strip())
        return [unlinked, *found.values()]
    return list(found.values())


def _title_case(text: str) -> bool:
    """Tell whether a line reads like a work's title: capitals on most words that bear them."""
    words = [word for word in re.findall(r"[A-Za-z][\w-]*", text) if word not in _SMALL_WORDS]
    return len(words) >= 4 and sum(word[0].isupper() for word in words) >= 0.75 * len(words)


def _same(left: str, right: str) -> bool:
    a, b = of_url(left), of_url(right)
    return a is not None and b is not None and a.key == b.key


def _named(text: str) -> Iterable[Reference]:
    """Works named without a link: `arXiv:2309.06180`, a bare DOI."""
    for match in _ARXIV_NAMED.finditer(text):
        yield _arxiv(_arxiv_parts(match)[0])
    for match in _DOI.finditer(text):
        doi = _clean(match.group(1)).lower()
        if not doi.startswith("10.48550/"):
            yield Reference(kind="doi", key=doi, url=f"https://doi.org/{doi}")
        elif paper := _ARXIV_DOI.search(doi):
            yield _arxiv(_arxiv_parts(paper)[0])


def _arxiv(base: str) -> Reference:
    return Reference(kind="arxiv", key=base, url=f"https://arxiv.org/abs/{base}")


def of_url(url: str) -> Reference | None:
    """Return what an address refers to, or None where it is no http(s) address."""
    canonical = canonical_url(url)
    if not canonical:
        return None
    if match := _ARXIV_LINK.search(canonical):
        return _arxiv(_arxiv_parts(match)[0])
    plain = unquote(canonical)
    if "doi.org/" in plain:
        if match := _ARXIV_DOI.search(plain):
            return _arxiv(_arxiv_parts(match)[0])
        if match := _DOI.search(plain):
            doi = match.group(1).lower()
            return Reference(kind="doi", key=doi, url=f"https://doi.org/{doi}")
    if (match := _GITHUB.search(canonical)) and match.group(1).lower() not in _GITHUB_NOT_OWNERS:
        name = f"{match.group(1)}/{match.group(2).removesuffix('.git').rstrip('.')}".lower()
        return Reference(kind="github", key=name, url=f"https://github.com/{name}")
    return Reference(kind="url", key=canonical, url=canonical)


def _clean(url: str) -> str:
    """Strip what belongs to the sentence around an address: end punctuation, an unopened bracket."""
    url = url.rstrip(".,;:!?*_\\")
    while url.endswith((")", "]", "}")) and url.count(url[-1]) > url.count({")": "(", "]": "[", "}": "{"}[url[-1]]):
        url = url[:-1].rstrip(".,;:!?*_\\")
    return url

"""The bracketed annotations of reading notes: `[2019, SOSP, 510 refs]` in any order.

Owns the reading of years, venues, organisations and reference counts. Refuses brackets that state
neither a year nor a count: those are text. Invariant: what is taken off a line is whole brackets,
each of which became labels.
"""

import re

from ingest._markers import half_width

_BRACKETS = re.compile(r"\\?\[([^\[\]\\]{1,160})\\?\](?!\()|【([^【】]{1,160})】|［([^［］]{1,160})］")
_YEAR = re.compile(r"((?:19[5-9]|20\d)\d)(?:[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?)?年?")
_REFS = re.compile(
    r"(\d+(?:,\d{3})*)\+?\s*(?:refs?|references|citations?|cites|cited|次?引用|次?被引)(?![A-Za-z])"
    r"|(?:引用|被引|cited(?:\s+by)?)[:\s]*(\d+(?:,\d{3})*)",
    re.I,
)
_GLUED = re.compile(
    r"([A-Za-z][A-Za-z&/+]*(?:[ -][A-Z][A-Za-z]*)?)[ ']?((?:19|20)\d\d|\d\d)(?:\s+(?:best|outstanding)[\w ]*)?", re.I
)
_DATED = re.compile(
    r"(?:\d+\w*-edition(?:,? in)?|in|since|c\.|from|[A-Z][a-z]{2,8}\.?)?\s*(?:19|20)\d\d(?:[-~]\d{2,4})?", re.I
)
_END = re.compile(r"\s*(?:[-–—]\s.{1,80}|[.。:：]?)\s*$")
_VENUES = frozenset(
    "sosp osdi nsdi atc usenix fast eurosys asplos isca micro hpca sigcomm hotos hotnets hotstorage mlsys sysml sigmod "
    "vldb pvldb icde cidr pods kdd www sc ppopp pldi popl cgo ics ipdps hpdc cluster socc middleware conext imc icdcs "
    "infocom dac iccad isscc vlsi fpga fpl fccm hotchips icml iclr neurips nips aaai ijcai acl emnlp naacl coling eacl "
    "cvpr iccv eccv wacv interspeech icassp jmlr tmlr tpds tocs tods pami tpami nature science arxiv corr podc disc "
    "spaa stoc focs soda ccs oakland ndss crypto aistats uai colt recsys sigir wsdm cikm icse fse ase issta icra iros "
    "systor login cacm queue ieee acm".split()
)
_ORGANISATIONS = frozenset(
    "nvidia intel amd ibm google microsoft meta facebook openai deepmind amazon aws apple alibaba tencent baidu huawei "
    "bytedance netflix uber twitter linkedin samsung qualcomm tsmc arm mit cmu ucb ucsd eth epfl".split()
)
_MOST_PARTS = 5
_LONGEST_PART = 48


def take_annotations(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the line without its annotations, and their labels: `year:`, `venue:`, `org:`, `refs:`."""
    if not any(char in line for char in "[【［"):
        return line, ()
    labels: dict[str, None] = {}
    kept: list[str] = []
    at = 0
    for match in _BRACKETS.finditer(line):
        last = _END.match(line, match.end()) is not None
        found = _read_annotation(match[1] or match[2] or match[3], last=last)
        if found:
            labels |= dict.fromkeys(found)
            kept.append(line[at : match.start()])
            at = match.end()
    return ("".join((*kept, line[at:])).strip() if kept else line), tuple(labels)


def _read_annotation(inside: str, *, last: bool) -> list[str]:
    """Return the labels of one bracket; none where it is no annotation."""
    text = half_width(inside).replace("、", ",").strip()
    refs = _REFS.search(text)
    rest = f"{text[: refs.start()]},{text[refs.end() :]}" if refs else text
    parts = [part.strip() for part in re.split(r"[,;|]", rest) if part.strip()]
    years: list[str] = []
    named: list[str] = []
    for part in parts:
        if year := _YEAR.fullmatch(part):
            years.insert(0, year[1])
        elif _DATED.fullmatch(part):
            years.extend(re.findall(r"(?:19|20)\d\d", part)[:1])
        elif (glued := _GLUED.fullmatch(part)) and _is_venue(glued[1]):
            named.append(f"venue:{_venue(glued[1])}")
            years.append(glued[2] if len(glued[2]) == 4 else f"{'20' if int(glued[2]) < 50 else '19'}{glued[2]}")
        else:
            named.append(_name_label(part))
    if not refs and (not years or len(parts) > _MOST_PARTS or any(len(part) > _LONGEST_PART for part in parts)):
        return []
    # A year alone in mid-sentence is a citation; at the end of the line it dates the work.
    if not refs and not named and not last:
        return []
    labels = [f"year:{years[0]}"] if years else []
    labels += [label for label in named if label]
    if refs:
        labels.append(f"refs:{(refs[1] or refs[2]).replace(',', '')}")
    return labels


def _is_venue(name: str) -> bool:
    return name.split()[0].lower() in _VENUES or len(re.findall(r"[A-Z]", name)) >= 2


def _venue(name: str) -> str:
    return name.upper() if name.lower() in _VENUES and name.islower() else name.strip(" -/")


def _name_label(part: str) -> str:
    """Return `venue:` or `org:` for a named part; empty for a remark."""
    if len(part) > _LONGEST_PART or not re.search(r"[A-Za-z\u3400-\u9fff]", part):
        return ""
    first = part.split()[0]
    if first.lower() in _VENUES:
        return f"venue:{_venue(first)}"
    if first.lower() in _ORGANISATIONS:
        return f"org:{part}"
    if re.fullmatch(r"[A-Z][A-Z&/-]{2,9}", part):
        return f"venue:{part}"
    return f"org:{part}" if len(part.split()) <= 4 and (part[0].isupper() or part[0] > "\u3400") else ""

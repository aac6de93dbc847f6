"""Formulas in running text: told from worked examples, listings and mere signs.

Pure. Invariant: what counts as a formula relates named quantities; numbers alone are an example.
"""

import re

_NAME = r"[A-Za-zΑ-ωα-ω\u4e00-\u9fff]"
_OPERAND = rf"(?:{_NAME}[\w{{}}\\]*|\d[\d.,]*%?|[)\]}}])"
_SIGN = r"(?:\s*[*·×⋅/^−]\s*|\s*\+\s*|\s+-\s+|(?<=[\w)])-(?=[\w(]))"
_TERM = re.compile(rf"{_OPERAND}{_SIGN}(?={_NAME}|[(\[{{\\]|\d)")
_LETTERS = re.compile(r"\s*\d{0,3}\s*[A-Z](?:\s*[A-Z]){1,2}(?![\w])")
"""Letters that stand beside one another, as in 6ND."""
_NUMBER = re.compile(r"(?<![\w.])\d[\d.,]*")
_SYMBOL = re.compile(rf"(?<![\w\\]){_NAME}[\w{{}}]*")
_RELATION = re.compile(r"(?<![=!<>:])(?:=|≈|≃|∝|:=)(?!=)")
_FUNCTIONS = "max|min|log|exp|ceil|floor|sqrt|sum|round"
_CALL = re.compile(rf"\w\.\w+\s*\(|\b(?!{_FUNCTIONS})[a-z_]\w+\([^)]*[,=)]|\w,\w+\s*=|[;{{}}]\s*$")
_CLAUSE = re.compile(r"[;；。，]|, (?![^(]*\))|: |：")


def states_formula(text: str) -> bool:
    """Tell whether a line relates quantities by name: `bytes = 2 * L * k * d`, not `80 * 2 = 160` nor a call."""
    if _CALL.search(text):
        return False
    clauses = _CLAUSE.split(text)
    return any(map(_relates, clauses)) or any(map(_expresses, clauses[1:])) or _bracketed(text)


def _relates(clause: str) -> bool:
    sides = _RELATION.split(clause, maxsplit=1)
    if len(sides) < 2 or not _SYMBOL.search(sides[0]):
        return False
    # What follows a second relation is what comes out.
    right = _RELATION.split(sides[1], maxsplit=1)[0]
    named, numbers = len(_SYMBOL.findall(right)), len(_NUMBER.findall(right))
    joined = _TERM.search(right) is not None
    return (joined and named > 0 and named >= numbers) or _LETTERS.match(right) is not None


def _expresses(clause: str) -> bool:
    """Tell whether what follows a colon is an expression and no prose: `2(n-1)*alpha + 2(n-1)/n * S/BW`."""
    clause = _WITH_UNIT.sub("0", clause)
    signs = re.findall(r"[*·×⋅/^+−]| - |(?<=\w)-(?=\w)", clause)
    bare = _PROSE.search(clause) is None and _SYMBOL.search(clause) is not None
    return bare and len(signs) >= 2 and any(sign in "*·×⋅^+()" for sign in clause)


_WITH_UNIT = re.compile(r"(?<![\w.])\d[\d.,]*\s+[A-Za-z]+(?:/[A-Za-z]+)?(?!\w*\()")
_PROSE = re.compile(rf"{_NAME}{{2,}}\s+{_NAME}{{2,}}")
_BRACKET = re.compile(r"\(\s*[A-Za-z]\w?\s*[-+−]\s*(?:\d|[A-Za-z]\w?)\s*\)\s*[/*·×]\s*\(?\s*[A-Za-z]\w?(?![\w-])")


def _bracketed(text: str) -> bool:
    """Tell whether a line holds a ratio such as (p-1)/m, named by the words around it."""
    return _BRACKET.search(text) is not None

"""LaTeX in titles and sentences as a page shows it: signs and letters instead of commands.

Pure. Owns which commands are read; pylatexenc knows their letters. Refuses to guess: a formula or
command that cannot be said in a line of text stays as it was written, and so does money. What is
stored, linked and counted is always the source's own text.
"""

import re
import unicodedata
from functools import cache, lru_cache

from pylatexenc.latex2text import LatexNodes2Text

# No blank inside the signs; a digit after them tells of money where no command tells of a formula.
_FORMULA = re.compile(r"(?<!\$)\$(?![\s$])((?:[^$\\]|\\.){1,160}?)(?<=\S)\$(?!\$)|\\\((.{1,160}?)\\\)")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
HARMLESS = frozenset(
    """alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi varphi
    chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell infty times cdot pm le leq ge geq ll gg ne neq
    approx sim to rightarrow leftarrow sqrt frac log exp min max mathcal mathbb mathbf mathrm mathit mathsf text
    textbf textit hat bar tilde circ star dagger oplus otimes""".split()
)
"""What mathematics in a title needs; a formula with any other command is shown as it was typed."""
_MORE = frozenset(
    """vartheta varrho Upsilon upsilon simeq equiv propto cong in notin subset subseteq cup cap forall exists nabla
    partial sum prod int div mp ast bullet uparrow downarrow leftrightarrow Rightarrow Leftrightarrow mapsto
    langle rangle lfloor rfloor lceil rceil ldots cdots dots top bot perp ln sin cos tan arg argmax argmin sup
    inf lim Pr operatorname textrm textsf texttt textsc emph boldsymbol bm quad qquad left right prime wedge vee
    land lor neg setminus emptyset vert lvert rvert mid parallel lesssim gtrsim dot vec widehat widetilde
    overline underline""".split()
)
_READ = HARMLESS | _MORE | frozenset("%&#_,;:!{} ")
_SIMPLE = re.compile(r"[A-Za-z0-9.]+|\\[A-Za-z]+")
_SCRIPT = re.compile(r"([\^_])\s*(?:\{([^{}\\]*)\}|([0-9A-Za-z+\-*]))")
_FUNCTION = re.compile(r"(?<=[\w)])\s*(?=\\(?:log|ln|exp|min|max|sin|cos|tan)\b)")
_ALONE = re.compile(r"([\^_])\s*\{(\\[A-Za-z]+)\}")
_DEEP = re.compile(r"[\^_]\s*\{")
_FRACTION = re.compile(r"\\frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)(\d))")
_SPACED = re.compile(r"\s*([=<>≤≥≈∼≪≫≠→])\s*")
_UP = dict(zip("0123456789+-=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_DOWN = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
# Letters in a style of mathematics that many fonts lack; script and double-struck ones mean something else than plain.
_STYLED = re.compile("[\U0001d400-\U0001d49b\U0001d4d0-\U0001d537\U0001d56c-\U0001d7ff]")
_STYLE = re.compile(r"\\(?:textit|textbf|textrm|textsf|texttt|textsc|emph|underline|text|mbox)\s*\{([^{}$\\]*)\}")
_SWITCH = re.compile(r"\{\\(?:em|it|bf|tt|sc|rm|sl|itshape|bfseries)\s+([^{}$\\]*)\}")
_ACCENT = re.compile(
    r"""\{\\["'`^~=.]\{?\\?[A-Za-z]\}?\}|\\["'`^~=.](?:\{\\?[A-Za-z]\}|[A-Za-z])|\{?\\[Hcvukrbd]\{\\?[A-Za-z]\}\}?
    |\{\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)\}|\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L)(?:\{\}|\s|(?![A-Za-z]))""",
    re.X,
)
_SIGN = re.compile(r"\\([A-Za-z]+)(?![A-Za-z{])(?:\{\})?")
_SIGNS = frozenset(
    "times sim approx pm leq geq le ge ll gg rightarrow to infty mu alpha beta lambda cdot ldots".split()
)
_ESCAPED = re.compile(r"\\([%&#_$])")
_QUOTED = re.compile(r"``([^`'\n]{1,200})''")


@cache
def _reader() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


@lru_cache(maxsize=20_000)
def readable(text: str) -> str:
    """Return text with its LaTeX as Unicode, where a line of text can say it; everything else as it is."""
    if "\\" not in text and "$" not in text and "``" not in text:
        return text
    made, at = [], 0
    for match in _FORMULA.finditer(text):
        if match[2] is None and not _is_formula(match[1], text[match.end() : match.end() + 1]):
            continue
        said = _formula(match[1] if match[2] is None else match[2])
        made += [_words(text[at : match.start()]), said or match.group()]
        at = match.end()
    return "".join([*made, _words(text[at:])])


def _is_formula(source: str, after: str) -> bool:
    """Tell a formula from two sums of money."""
    if after.isdigit():
        return "\\" in source
    if re.search(r"[\\^_{=<>+]", source):
        return True
    return " " not in source and (not source[0].isdigit() or re.fullmatch(r"[\d.,]*\d", source) is not None)


def _formula(source: str) -> str:
    """A formula in a line of text; empty where it cannot be said in one."""
    if any(name not in _READ for name in _COMMAND.findall(source)):
        return ""
    if any(not _SIMPLE.fullmatch(part.strip()) for found in _FRACTION.findall(source) for part in found if part):
        return ""
    flat = _ALONE.sub(r"\1\2", _FUNCTION.sub(r"\\ ", _STYLE.sub(r"\1", source)))
    flat = _SCRIPT.sub(_script, flat)
    if _DEEP.search(flat):
        return ""
    said = unicodedata.normalize("NFC", _reader().latex_to_text(f"${flat}$")).strip()
    said = _STYLED.sub(lambda match: unicodedata.normalize("NFKC", match.group()), said)
    said = _SPACED.sub(r" \1 ", said) if re.search(r"\w\s*[=<>≤≥≈∼≪≫≠→]", said) else said
    unsaid = "\\$" if "\\{" in source else "\\{}$"
    return "" if set(said) & set(unsaid) or not said else " ".join(said.split())


def _script(match: re.Match[str]) -> str:
    """A raised or lowered text in signs of its own, where there are all."""
    raised, inner = match[1] == "^", match[2] if match[2] is not None else match[3]
    known = _UP if raised else _DOWN
    if inner and all(sign in known for sign in inner.replace(" ", "")):
        return "".join(known[sign] for sign in inner.replace(" ", ""))
    if len(inner) == 1 or re.fullmatch(r"[\d.]+" if raised else r"[A-Za-z]+", inner):
        return match[1] + inner
    return f"{match[1]}({inner})" if inner else match.group()


def _words(text: str) -> str:
    """Text outside of formulas."""
    if "\\" in text:
        for _ in range(3):
            text = _SWITCH.sub(r"\1", _STYLE.sub(r"\1", text))
        text = _ACCENT.sub(lambda match: _letter(match.group()), text)
        text = _SIGN.sub(lambda m: _reader().latex_to_text(f"\\{m[1]}") if m[1] in _SIGNS else m.group(), text)
        text = _ESCAPED.sub(r"\1", text)
    return _QUOTED.sub(r"“\1”", text)


def _letter(source: str) -> str:
    said = unicodedata.normalize("NFC", _reader().latex_to_text(source)).strip()
    return said if len(said) in (1, 2) and said.isalpha() else source

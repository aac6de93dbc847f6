"""How a name may be spelled: with or without its joints, as a plural, with a trade mark run into it.

Pure. Refuses to tell what is a name. Invariant: a pattern finds the name that it was made of.
"""

import re

from kb.text import HAN, normalise

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
"""Where a name may be parted: AllReduce."""
PLURAL = re.compile(r"['’]s$|(?<=\d)s$")


def name_pattern(text: str) -> str:
    """A pattern for a name in any spelling of its joints: GPT-3, GPT 3, gpt3, and its plural."""
    normal = PLURAL.sub("", normalise(CAMEL.sub("-", text)))
    if re.search(f"[{HAN}]", normal):
        return re.escape(normal)
    parts = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)*", normal)
    if not parts:
        return re.escape(normal)
    if len(parts[-1]) > 3 and parts[-1].endswith("s") and text[-2:-1].isupper():
        parts[-1] = parts[-1][:-1]
    # A trade mark may have run into the name: OpenVINOTM.
    last = r"s?(?![a-z\d]|[.]\d)" if parts[-1][0].isdigit() else r"s?(?:tm)?(?![a-z])"
    return r"(?<![a-z\d])" + r"[-\s._]?".join(_either_spelling(part) for part in parts) + last


def _either_spelling(part: str) -> str:
    return re.sub(r"i[sz](?=e|ation|ing)", "i[sz]", re.escape(part))

"""A JSON schema as a strict GBNF grammar: whatever it allows is JSON, and keeps to the schema.

llama.cpp's own converter lets control characters into strings, ignores bounds of numbers and turns what
it does not know into free JSON. This one bounds every text and list, and refuses a schema that it
does not understand. Pure. Rules with a pattern, a format or `multipleOf` are left to the check afterwards.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from kb.llm import _ranges

TEXT_LENGTH = 240
"""Characters of a text for which the schema states no bound."""
LIST_LENGTH = 8
"""Items of a list, or entries of a table, for which the schema states no bound."""
_REFUSED = frozenset(
    "if then else not contains minContains maxContains patternProperties propertyNames dependentRequired"
    " dependentSchemas unevaluatedItems unevaluatedProperties $dynamicRef".split()
)
"""Rules that no grammar of this kind keeps. Other words that mean nothing here are remarks, as the standard has it."""
# No control characters, and no escape that needs more than one letter.
_CHAR = r'[^"\\\x00-\x1F\x7F] | "\\" ["\\/bnt]'
_BLANK = '" "?'


class GrammarError(ValueError):
    """The schema holds something that this grammar cannot keep."""


def make_grammar(schema: dict[str, Any]) -> str:
    """Return the grammar of a schema, its first rule `root`.

    Raises:
        GrammarError: it has a rule that a grammar cannot keep, or nothing can satisfy it.
    """
    rules = _Rules(schema)
    rules.add("root", rules.of(schema))
    return rules.text()


class _Rules:
    """The rules made so far."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._rules: dict[str, str] = {"char": _CHAR}
        self._references: dict[str, str] = {}

    def text(self) -> str:
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items()) + "\n"

    def add(self, name: str, body: str) -> str:
        self._rules[name] = body
        return name

    def _new(self, body: str) -> str:
        return self.add(f"r{len(self._rules)}", body)

    def of(self, schema: Any) -> str:
        """Return an expression for what a schema allows."""
        if schema is True or schema == {}:
            return self._anything()
        if not isinstance(schema, dict):
            raise GrammarError(f"no value satisfies {schema!r}")
        refused = set(schema) & _REFUSED
        if refused:
            raise GrammarError(f"the rule {sorted(refused)[0]!r} cannot be kept")
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        if "const" in schema:
            return _literal(schema["const"])
        if "enum" in schema:
            return self._choice([_literal(value) for value in schema["enum"]])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                return self._choice([self.of(part) for part in schema[several]])
        if "allOf" in schema:
            if len(schema["allOf"]) != 1:
                raise GrammarError("allOf with several parts is not understood")
            return self.of(schema["allOf"][0])
        return self._typed(schema)

    def _typed(self, schema: dict[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._choice([self.of(schema | {"type": one}) for one in kind])
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema)
        if kind == "array":
            return self._array(schema)
        if kind == "string":
            low = int(schema.get("minLength", 0))
            return f'"\\"" char{{{low},{int(schema.get("maxLength", max(low, TEXT_LENGTH)))}}} "\\""'
        if kind in ("integer", "number"):
            return self._new(_number(schema, whole=kind == "integer"))
        if kind in ("boolean", "null"):
            return '("true" | "false")' if kind == "boolean" else '"null"'
        raise GrammarError(f"the type {kind!r} is not understood")

    def _choice(self, options: Sequence[str]) -> str:
        if not options:
            raise GrammarError("a choice without options")
        return self._new(" | ".join(dict.fromkeys(options)))

    def _reference(self, reference: str) -> str:
        if reference not in self._references:
            found: Any = self._schema
            for part in reference.removeprefix("#/").split("/"):
                found = found.get(part) if isinstance(found, dict) else None
            if found is None or not reference.startswith("#/"):
                raise GrammarError(f"{reference!r} is not in the schema")
            # Named before it is made, since it may refer to itself.
            name = f"d{len(self._references)}-{re.sub('[^a-zA-Z0-9]+', '-', reference.split('/')[-1])}"
            self._references[reference] = name
            self.add(name, self.of(found))
        return self._references[reference]

    def _object(self, schema: dict[str, Any]) -> str:
        """Properties come in the schema's order; one that is not required may be left out."""
        properties: dict[str, Any] = schema.get("properties", {})
        required = set(schema.get("required", ()))
        missing = required - set(properties)
        if missing:
            raise GrammarError(f"{sorted(missing)[0]!r} is required, but not described")
        if not properties:
            return self._table(schema)
        first, later = '"}"', '"}"'
        for name, inner in reversed(properties.items()):
            entry = f'{_literal(name)} ":" {_BLANK} {self.of(inner)}'
            skip_first, skip_later = ("", "") if name in required else (f" | {first}", f" | {later}")
            following = later
            later = self._new(f'"," {_BLANK} {entry} {following}{skip_later}')
            first = self._new(f"{entry} {following}{skip_first}")
        return f'"{{" {first}'

    def _table(self, schema: dict[str, Any]) -> str:
        values = schema.get("additionalProperties", True)
        low, high = int(schema.get("minProperties", 0)), int(schema.get("maxProperties", LIST_LENGTH))
        if values is False or high == 0:
            return '"{}"'
        entry = self._new(f'"\\"" char{{1,40}} "\\"" ":" {_BLANK} {self.of(values)}')
        return f'"{{" {self._sequence(entry, low, high)} "}}"'

    def _array(self, schema: dict[str, Any]) -> str:
        low = int(schema.get("minItems", 0))
        if "prefixItems" in schema:
            if schema.get("items") not in (None, False):
                raise GrammarError("prefixItems followed by further items is not understood")
            items = [self.of(item) for item in schema["prefixItems"]]
            return '"[" ' + f' "," {_BLANK} '.join(items) + ' "]"'
        item = self._new(self.of(schema.get("items", True)))
        return f'"[" {self._sequence(item, low, int(schema.get("maxItems", max(low, LIST_LENGTH))))} "]"'

    def _sequence(self, item: str, low: int, high: int) -> str:
        if high < low:
            raise GrammarError(f"at least {low} and at most {high} items")
        if high == 0:
            return '""'
        more = f'{item} ("," {_BLANK} {item}){{{max(low - 1, 0)},{high - 1}}}'
        return more if low else self._new(f'{more} | ""')

    def _anything(self) -> str:
        if "any" not in self._rules:
            self.add("any", f'"\\"" char{{0,{TEXT_LENGTH}}} "\\"" | {_ranges.decimal(None, None)} | "true" | "null"')
        return "any"


def _number(schema: dict[str, Any], *, whole: bool) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if whole:
        floor = [math.ceil(low)] if low is not None else []
        floor += [math.floor(above) + 1] if above is not None else []
        roof = [math.floor(high)] if high is not None else []
        roof += [math.ceil(below) - 1] if below is not None else []
        start, end = max(floor, default=None), min(roof, default=None)
        body = _ranges.whole(start, end) if start is None or end is None or start <= end else ""
    else:
        open_low = above is not None and (low is None or above >= low)
        open_high = below is not None and (high is None or below <= high)
        start, end = above if open_low else low, below if open_high else high
        body = _ranges.decimal(start, end, above=open_low, below=open_high)
    if not body:
        raise GrammarError(f"no number satisfies {schema!r}")
    return body


def _literal(value: Any) -> str:
    """Return a JSON value as a literal of the grammar."""
    text = json.dumps(value, ensure_ascii=False)
    escaped = "".join(
        f"\\x{ord(sign):02X}" if ord(sign) < 32 else f"\\{sign}" if sign in '"\\' else sign for sign in text
    )
    return f'"{escaped}"'

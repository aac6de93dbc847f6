"""The reader's subscriptions: a file in the home that is theirs to edit, and careful changes to it.

Owns `subscriptions.toml` and what an entry may say. Refuses to write where it cannot keep every other
byte: comments, order and the reader's own spelling stay. An entry that makes no sense is told with its
number and disturbs no other. Invariant: the file is replaced whole or not at all, and only where nobody
changed it meanwhile.
"""

import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from ingest.arxiv_query import QUERY_PREFIX, names_query
from kb.errors import DocumentNotFound, SettingsError, StoreError
from kb.store.lock import exclusive
from kb.types import Frozen, Kind

FILE_NAME = "subscriptions.toml"
TARGETS = {Kind.RSS: "url", Kind.PAGE: "url", Kind.ARXIV: "query", Kind.NOTES: "folder"}
"""Kind to the field that says what is subscribed to."""
_HEAD = """# Your subscriptions. Edit this file as you like: the Almanac changes single entries and leaves the
# rest alone. An entry has a name, a kind, and what it asks for: a url (kind "rss" or "page"), a query in the
# arXiv API's field syntax (kind "arxiv"), or a folder (kind "notes"). Optional are topics, group, why,
# enabled (false pauses it) and every (least hours between two checks).
"""
_ENTRY = re.compile(r"^[ \t]*\[\[[ \t]*subscription[ \t]*\]\][ \t]*(?:#.*)?\r?$", re.MULTILINE)
_TRAIL = re.compile(r"\n(?:[ \t\r]*\n)+(?:[ \t\r]*(?:#[^\n]*)?\n)*\Z|\n\Z")
"""What follows an entry and belongs to none: a blank line, and all comments after it."""
_BY_HAND = "Edit the file by hand, or put each subscription under a line [[subscription]] of its own."


class Subscription(Frozen):
    """One thing that is looked at again and again."""

    name: str = Field(min_length=1, max_length=300)
    kind: Kind
    target: str = Field(min_length=1, max_length=4000)
    """Address, query or folder."""
    topics: tuple[str, ...] = ()
    group: str = ""
    """Folder that it is filed under, as feed readers exchange it; `/` between levels."""
    why: str = ""
    enabled: bool = True
    every: float | None = Field(default=None, gt=0, le=24 * 366)
    """Least hours between two checks; None: as its kind suggests."""

    @property
    def key(self) -> str:
        """What its checks are remembered by: another name keeps them, another target begins anew."""
        return f"{self.kind}:{self.target}"

    @property
    def location(self) -> str:
        """The source that its documents belong to; of a folder, each file below it is one."""
        if self.kind is Kind.ARXIV and not names_query(self.target):
            return QUERY_PREFIX + self.target
        return self.target

    @property
    def host(self) -> str:
        """Whom a check asks; empty where that is only the disk."""
        if self.kind is Kind.ARXIV:
            return "arxiv.org"
        return (urlsplit(self.target).hostname or "") if self.kind is not Kind.NOTES else ""

    @model_validator(mode="after")
    def _targets(self) -> "Subscription":
        if self.kind in (Kind.RSS, Kind.PAGE):
            try:
                parts = urlsplit(self.target)
                fit = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
            except ValueError:
                fit = False
            if not fit:
                raise ValueError(f"url “{self.target[:100]}” is no http or https address")
        return self


def make_subscription(**fields: object) -> Subscription:
    """Return a subscription. Raises SettingsError: a field makes no sense."""
    try:
        return Subscription.model_validate(fields)
    except ValidationError as error:
        raise SettingsError(f"This cannot be subscribed to: {_first(error)}.", "Change it and try again.") from error


class Problem(Frozen):
    """An entry of the file that is not used."""

    entry: int
    """Its number in the file, from 1."""
    name: str
    message: str


@dataclass(frozen=True)
class Subscriptions:
    """What the file says."""

    entries: tuple[Subscription, ...] = ()
    problems: tuple[Problem, ...] = ()

    def find(self, names: Sequence[str]) -> list[Subscription]:
        """Return the subscriptions of these names, targets or keys, in their order in the file.

        Raises:
            DocumentNotFound: nothing is called so.
        """
        wanted = {name.strip().casefold(): name for name in names}
        found = [one for one in self.entries if wanted.keys() & _called(one)]
        missing = [name for folded, name in wanted.items() if not any(folded in _called(one) for one in found)]
        if missing:
            raise DocumentNotFound(f"No subscription is called “{missing[0]}”.", "`subscriptions` lists them.")
        return found


def _called(one: Subscription) -> set[str]:
    return {one.name.casefold(), one.target.casefold(), one.key.casefold()}


def read_subscriptions(path: Path) -> Subscriptions:
    """Return what a file of subscriptions says; nothing where there is no file.

    Raises:
        SettingsError: it cannot be read, or is not TOML.
    """
    return _understand(_read(path), path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 file.") from error


def _understand(text: str, path: Path) -> Subscriptions:
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is no TOML: {error}.", "Mend the line it names; nothing was changed.") from error
    listed = raw.pop("subscription", [])
    problems = [Problem(entry=0, name=name, message=f"“{name}” is unknown here") for name in raw]
    if not isinstance(listed, list):
        listed, problems = [], [*problems, Problem(entry=0, name="subscription", message="must be a list of tables")]
    entries: dict[str, Subscription] = {}
    for number, given in enumerate(listed, 1):
        made = _entry(given)
        if isinstance(made, Subscription) and made.key in entries:
            made = f"is there already, as “{entries[made.key].name}”"
        if isinstance(made, str):
            name = str(given.get("name", "")) if isinstance(given, dict) else ""
            problems.append(Problem(entry=number, name=name, message=made))
        else:
            entries[made.key] = made
    return Subscriptions(tuple(entries.values()), tuple(problems))


def _entry(given: Any) -> Subscription | str:
    """Return the subscription that an entry is, or what is wrong with it."""
    if not isinstance(given, dict):
        return "must be a table"
    fields = dict(given)
    kind = fields.get("kind", Kind.RSS)
    if kind not in set(Kind):
        return f"kind “{kind}” is none of {', '.join(Kind)}"
    target = TARGETS[Kind(kind)]
    value = fields.pop(target, "")
    if not isinstance(value, str) or not value.strip():
        return f"{target} is missing"
    value = value.strip()
    if kind == Kind.NOTES:
        value = os.path.abspath(os.path.expanduser(value))
    try:
        return Subscription.model_validate({"name": value[:300], **fields, "kind": Kind(kind), "target": value})
    except ValidationError as error:
        return _first(error)


def _first(error: ValidationError) -> str:
    """What is wrong, in one line."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"].removeprefix("Value error, ")


class SubscriptionFile:
    """The file of subscriptions in a home."""

    def __init__(self, home: Path, lock_wait: float = 30.0) -> None:
        self.path = home / FILE_NAME
        self._lock_wait = lock_wait

    def read(self) -> Subscriptions:
        """Return what it says. Raises SettingsError."""
        return read_subscriptions(self.path)

    def add(self, made: Sequence[Subscription]) -> list[Subscription]:
        """Append subscriptions that are not there yet, and return those.

        Raises:
            SettingsError, Locked, StoreError: the file cannot be read or written; it is as it was.
        """
        added: list[Subscription] = []

        def change(text: str) -> str:
            known = {one.key for one in _understand(text, self.path).entries}
            new = {one.key: one for one in made if one.key not in known}
            added[:] = new.values()
            blocks = [_block(one) for one in added]
            head = text.rstrip("\n") + "\n" if text.strip() else _HEAD
            return "\n".join([head, *blocks]) if blocks else text

        self._edit(change)
        return added

    def begin(self, template: Path) -> bool:
        """Make the file a copy of another one, comments included; False where there is one already."""
        if self.path.exists():
            return False
        text = _read(template)
        _understand(text, template)
        self._edit(lambda before: before or text)
        return True

    def change(self, key: str, **fields: object) -> Subscription:
        """Change fields of an entry and return it; None takes an optional one out.

        Raises:
            DocumentNotFound: no such entry.
            SettingsError, Locked, StoreError: the file cannot be changed so; it is as it was.
        """
        import tomlkit  # a fifth of a second that reading does without

        changed: list[Subscription] = []

        def rewrite(entry: Subscription, body: str) -> str:
            table = tomlkit.parse(body)
            inner: Any = table["subscription"][0]
            for name, value in _in_file(entry.kind, fields).items():
                if value is None:
                    inner.pop(name, None)
                else:
                    inner[name] = list(value) if isinstance(value, tuple) else value
            text = tomlkit.dumps(table)
            made = _entry(tomllib.loads(text)["subscription"][0])
            if isinstance(made, str):
                raise SettingsError(f"{entry.name}: {made}.", "Nothing was changed.")
            changed.append(made)
            return text

        self._edit_entry(key, rewrite)
        return changed[0]

    def remove(self, key: str) -> None:
        """Take an entry out; comments after it stay. Raises as `change`."""
        self._edit_entry(key, lambda entry, body: "")

    def _edit_entry(self, key: str, rewrite: Callable[[Subscription, str], str]) -> None:
        def change(text: str) -> str:
            _understand(text, self.path)
            parts = _ENTRY.split(text)
            heads = _ENTRY.findall(text)
            whole = tomllib.loads(text).get("subscription", []) if text else []
            at = next((i for i, given in enumerate(whole) if _key(given) == key), -1)
            if at < 0:
                raise DocumentNotFound(f"No subscription {key} is in {self.path}.", "Somebody may have removed it.")
            if len(heads) != len(whole) or _alone(heads[at] + parts[at + 1]) != whole[at]:
                raise SettingsError(f"{self.path} is laid out so that single entries cannot be changed.", _BY_HAND)
            body = heads[at] + parts[at + 1]
            trail = match[0] if (match := _TRAIL.search(body)) else ""
            core = body[: len(body) - len(trail)] + "\n"
            entry = _entry(whole[at])
            assert isinstance(entry, Subscription), "it has the key"
            made = rewrite(entry, core)
            before = "".join(part for pair in zip(parts[: at + 1], [*heads[:at], ""], strict=True) for part in pair)
            after = "".join(part for pair in zip(heads[at + 1 :], parts[at + 2 :], strict=True) for part in pair)
            return before + (made.rstrip("\n") + trail if made else trail.lstrip("\n")) + after

        self._edit(change)

    def _edit(self, change: Callable[[str], str]) -> None:
        with exclusive(self.path.with_suffix(".lock"), f"changing {self.path.name}", self._lock_wait):
            for _ in range(5):
                before = _read(self.path)
                after = change(before)
                if after == before:
                    return
                _understand(after, self.path)
                if _read(self.path) == before:
                    self._replace(after)
                    return
        raise StoreError(f"{self.path} is being changed by another program.", "Save it there, then try again.")

    def _replace(self, text: str) -> None:
        # A link to a file elsewhere, as those have who keep settings under version control, stays one.
        place = Path(os.path.realpath(self.path))
        part = place.with_suffix(".toml.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if place.exists():
                shutil.copymode(place, part)
            part.replace(place)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}.", "Check the folder.") from error


def _alone(text: str) -> Any:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    return found["subscription"][0] if found.keys() == {"subscription"} else None


def _key(given: Any) -> str:
    made = _entry(given)
    return made.key if isinstance(made, Subscription) else ""


def _in_file(kind: Kind, fields: Mapping[str, object]) -> dict[str, object]:
    return {TARGETS[kind] if name == "target" else name: value for name, value in fields.items()}


def _block(one: Subscription) -> str:
    """An entry as it is written into the file."""
    import tomlkit  # as above

    table = tomlkit.table()
    table["name"], table["kind"], table[TARGETS[one.kind]] = one.name, str(one.kind), one.target
    for name in ("topics", "group", "why", "every"):
        value = getattr(one, name)
        if value:
            table[name] = list(value) if isinstance(value, tuple) else value
    table["enabled"] = one.enabled
    return "[[subscription]]\n" + table.as_string()

"""Changes of settings that a page or a command makes: written into the home's `almanac.toml`.

Refuses what the settings refuse, before anything is written. Invariants: the file is replaced whole or not
at all; comments, order and all other lines stay; a file that holds a key is its owner's alone.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from kb.errors import SettingsError
from kb.settings import FILE_NAME, SECRET, Settings, load_settings, set_outside
from kb.store.lock import exclusive

Value = str | int | float | bool | None


def change_settings(home: Path, changes: Mapping[str, Value], lock_wait: float = 30.0) -> Settings:
    """Write settings into the home's file and return those then in force; None takes a line out.

    Raises:
        SettingsError: a value that is none for its setting, one that the environment has fixed, or a file that
            cannot be read or written.
        StoreError, Locked: the folder cannot be written, or another process changes the file.
    """
    fixed = [name for name in changes if set_outside(name)]
    if fixed:
        raise SettingsError(
            f"ALMANAC_{fixed[0].upper()} is set in the environment, which wins over {FILE_NAME}.",
            "Change it there, or take it out there and start anew.",
        )
    place = Path(os.path.realpath(home / FILE_NAME))
    with exclusive(place.with_suffix(".lock"), f"changing {FILE_NAME}", lock_wait, f"{FILE_NAME} is being changed"):
        text = _changed(place, changes)
        load_settings(home, **tomllib.loads(text))
        _replace(place, text)
    return load_settings(home)


def _changed(place: Path, changes: Mapping[str, Value]) -> str:
    import tomlkit  # a fifth of a second that the first page does without
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(place.read_bytes().decode("utf-8")) if place.exists() else tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"{FILE_NAME} in the home cannot be read: {error}.", "Mend the line it names.") from error
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    return tomlkit.dumps(document)


def _replace(place: Path, text: str) -> None:
    part = place.with_suffix(".toml.part")
    # A key is nobody else's to read; what the reader set stays otherwise.
    private = any(name in tomllib.loads(text) for name in SECRET)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o600 if private or not place.exists() else place.stat().st_mode & 0o777
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(mode)
        part.replace(place)
    except OSError as error:
        raise SettingsError(f"{place} cannot be written: {error.strerror}.", "Check the folder.") from error

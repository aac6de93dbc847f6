"""A model's trial in a process of its own: load it, read a prompt, write a token, say so.

Run as `python -m kb.llm._probe PATH plain|careful`. Prints one JSON object; where the library kills the
process, nothing is printed and the status tells by what.
"""

import json
import sys
from pathlib import Path

from kb.errors import ModelError
from kb.llm._engine import Engine

LENGTH = 64
"""Tokens of the prompt: enough to take the way of matrices, not of vectors, through the library."""


def main(path: str, mode: str) -> int:
    """Try a model; 0 it works, 3 it was refused in an orderly manner."""
    try:
        engine = Engine(Path(path), context=4 * LENGTH, threads=2, careful=mode == "careful")
        tokens = engine.begin(engine.tokenize("one two three four " * LENGTH, special=False, inside=False))
        engine.read(tokens[:LENGTH], lambda: False)
        engine.append(engine.next())
    except ModelError as error:
        print(json.dumps({"message": error.message, "hint": error.hint}))
        return 3
    print(json.dumps({"works": True}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

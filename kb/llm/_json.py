"""JSON that a model wrote: read out of its text and held to the schema that was asked for.

Pure. Refuses everything that the schema refuses; a schema that is none is the caller's fault.
"""

import json
from typing import Any

import jsonschema

from kb.errors import ModelError


def read_json(text: str, schema: dict[str, Any]) -> str:
    """Return the JSON text that the model wrote, fences and words around it removed, if it keeps to the schema.

    Raises:
        ModelError: it is no JSON, or not what the schema describes.
    """
    body = _body(text)
    try:
        value = json.loads(body)
    except ValueError as error:
        raise ModelError(f"The model's JSON cannot be read: {error}.", "Ask again, or use a larger model.") from error
    problem = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(value)), None)
    if problem is not None:
        place = "/".join(str(part) for part in problem.absolute_path) or "its top"
        raise ModelError(
            f"The model's JSON breaks the schema at {place}: {problem.message[:200]}.",
            "Ask again, or use a larger model.",
        )
    return body


def _body(text: str) -> str:
    """Return what stands between the first bracket and the last one that fits it."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0].strip()
    if text[:1] in ("{", "["):
        return text
    start = min((at for sign in "{[" if (at := text.find(sign)) >= 0), default=-1)
    if start < 0:
        return text
    end = text.rfind("}" if text[start] == "{" else "]")
    return text[start : end + 1] if end > start else text

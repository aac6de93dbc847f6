"""Say which topics titles and texts are about, one request a line.

A request is {"id","title","text"?}; its reply has up to three topics, the best first, and for
every topic how likely it is, from 0 to 1. No library is needed.

Examples:
  python -m almanac tag --batch titles.jsonl
  echo '{"id":1,"title":"Serving language models on phones"}' | python -m almanac tag --batch -
"""

import argparse
from collections.abc import Callable

from almanac.commands._output import FieldError, Reply, add_batch, add_json, run_batch, take
from kb.errors import AlmanacError
from kb.topics import Tagger

NAME = "tag"
HELP = "say which topics titles are about"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_batch(parser, '{"id","title","text"?}')
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], object]) -> int:
    """Tag every line of the batch; the library is not opened."""
    if not args.batch:
        raise AlmanacError("No batch is given.", "Run: python -m almanac tag --batch FILE.jsonl (- for standard input)")
    tagger = Tagger()
    return run_batch(args.batch, lambda request: _answer(tagger, request))


def _answer(tagger: Tagger, request: Reply) -> Reply:
    title = take(request, "title", str)
    text = take(request, "text", str, "") if request.get("text") is not None else ""
    if not title.strip() and not text.strip():
        raise FieldError("title", "is empty, and there is no text")
    return {
        "topics": [tag.topic for tag in tagger.tag(title, text)],
        "scores": tagger.scores(title, text),
    }

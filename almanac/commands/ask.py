"""Ask a question: quoted from the library, computed by a calculator, or declined.

Without a question, on a terminal, a conversation begins; an empty line or Ctrl-D ends it. Operators of search do not
apply; dates, "in my notes" and opinions are read from the question itself.

Examples:
  python -m almanac ask "what is the bubble of 1F1B?"
  python -m almanac ask "70B 模型 fp16 要多少显存" --json
  python -m almanac ask "GPT-3 on 1024 A100s takes 34 days"
  python -m almanac ask --batch questions.jsonl --json
"""

import argparse
import sys
from collections.abc import Callable, Sequence

from almanac.commands._output import FieldError, Reply, add_batch, add_json, print_json, run_batch, take
from almanac.library import Almanac
from chat.types import Answer, Event, Scope, Turn, to_json, turns_of
from kb.errors import AlmanacError
from kb.llm import Message
from kb.text import fold_space
from kb.topics import load_topics
from kb.types import Kind

NAME = "ask"
HELP = "ask a question; every line of the answer is cited"
MAX_HISTORY = 200
ROLES = ("user", "assistant", "system")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("question", nargs="?", help="the question")
    parser.add_argument("--topic", action="append", default=[], help="only this topic (may be given again)")
    parser.add_argument("--kind", action="append", default=[], choices=[str(k) for k in Kind], help="only this kind")
    parser.add_argument("--source", action="append", default=[], help="only sources whose name holds this")
    parser.add_argument("--since", default="", help="not before, as 2024, 2024-01 or 2024-01-31")
    parser.add_argument("--until", default="", help="not after")
    parser.add_argument("--quotes", action="store_true", help="quotations only, even where a language model is chosen")
    add_batch(parser, '{"id","question","history"?:[{"role","content"}]}')
    add_json(parser)


def run(args: argparse.Namespace, opener: Callable[[], Almanac]) -> int:
    """Ask and print the answer."""
    almanac = opener()
    scope = _scope(args)
    if args.batch:
        return run_batch(args.batch, lambda request: _answer(almanac, request, scope, quotes=args.quotes))
    if args.question is None:
        if sys.stdin.isatty() and not args.json:
            return _talk(almanac, scope, quotes=args.quotes)
        raise AlmanacError("No question is given.", 'Put one in quotes: python -m almanac ask "what is 1F1B?"')
    if not args.question.strip():
        raise AlmanacError("The question is empty.", 'Put one in quotes: python -m almanac ask "what is 1F1B?"')
    if args.json:
        print_json(to_json(almanac.chat.answer(args.question, (), scope, extractive=args.quotes)))
    else:
        _tell(almanac, args.question, (), scope, quotes=args.quotes)
    return 0


def _scope(args: argparse.Namespace) -> Scope:
    for topic in args.topic:
        if topic not in load_topics():
            raise AlmanacError(f"Topic {topic!r} is unknown.", f"Use one of {', '.join(load_topics())}.")
    return Scope(
        topics=tuple(args.topic),
        kinds=tuple(Kind(kind) for kind in args.kind),
        sources=tuple(args.source),
        since=args.since,
        until=args.until,
    )


def _answer(almanac: Almanac, request: Reply, scope: Scope, *, quotes: bool) -> Reply:
    question = take(request, "question", str)
    if not question.strip():
        raise FieldError("question", "is empty")
    history = take(request, "history", list, [])
    if len(history) > MAX_HISTORY:
        raise FieldError("history", f"has {len(history)} messages; it must have at most {MAX_HISTORY}")
    messages = [_message(item, place) for place, item in enumerate(history)]
    return to_json(almanac.chat.answer(question, turns_of(messages), scope, extractive=quotes))


def _message(item: object, place: int) -> Message:
    where = f"history[{place}]"
    if not isinstance(item, dict):
        raise FieldError(where, "must be an object with role and content")
    role, content = item.get("role"), item.get("content")
    if role not in ROLES:
        raise FieldError(f"{where}.role", f"must be one of {', '.join(ROLES)}")
    if not isinstance(content, str):
        raise FieldError(f"{where}.content", "must be a text")
    return Message(role=role, content=content)


def _talk(almanac: Almanac, scope: Scope, *, quotes: bool) -> int:
    """Hold a conversation on the terminal."""
    print("Ask in English or Chinese; an empty line ends.")
    turns: list[Turn] = []
    while True:
        try:
            question = input("\n> ").strip()
        except EOFError:
            print()
            return 0
        if not question:
            return 0
        answer = _tell(almanac, question, turns, scope, quotes=quotes)
        turns.append(Turn(question=question, answer=answer))


def _tell(almanac: Almanac, question: str, history: Sequence[Turn], scope: Scope, *, quotes: bool) -> Answer | None:
    """Print an answer; on a terminal, as it is written."""
    live = sys.stdout.isatty()
    answer: Answer | None = None
    for event in almanac.chat.ask(question, history, scope, extractive=quotes):
        if live:
            _show(event)
        answer = event.answer or answer
    if answer is not None:
        _print(answer)
    return answer


def _show(event: Event) -> None:
    if event.kind == "piece":
        print(event.text, end="", flush=True)
    elif event.kind == "waiting" and event.ahead:
        print(f"({event.ahead} answers are written before this one)", flush=True)
    elif event.kind == "stage" and event.text == "checking":
        print("\n\nChecked against the passages:", flush=True)


def _print(answer: Answer) -> None:
    if answer.standalone:
        print(f"understood as: {answer.standalone}\n")
    print(answer.text)
    if answer.advice:
        print(f"\n{answer.advice}")
    if answer.coverage:
        print(f"\n{answer.coverage.supported} of {answer.coverage.total} sentences are borne out by the library.")
    for citation in answer.citations:
        place = " › ".join(dict.fromkeys((citation.title, *citation.path[-1:])))
        date = f", {citation.published[:10]}" if citation.published else ""
        print(f"[{citation.number}] {fold_space(place)}{date}{'  ' + citation.url if citation.url else ''}")
        if answer.kind != "quoted":
            print(f"    “{fold_space(citation.quote)}”")
    for notice in answer.notices:
        print(f"note: {notice}")

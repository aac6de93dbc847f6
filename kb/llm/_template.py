"""Chat templates: messages to the pieces of a prompt, with what people and documents wrote kept apart.

A model's own template is rendered with marks in the place of the contents, so that a control token
inside a content can be told from the template's own. Pure. Refuses nothing: what a template cannot
express (a system message, two questions in a row) is rearranged until it can.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kb.llm._types import Message

Pieces = list[tuple[str, bool]]
"""Texts in order; True: somebody's content, False: the template's own."""
CHATML = "<|im_start|>"
# Templates lose the last line feed that stands outside of braces.
_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n\n"
)
_PLAIN = (
    "{% for m in messages %}{{ {'system': 'Instructions', 'user': 'Question', 'assistant': 'Answer'}[m.role] }}:"
    "\n{{ m.content }}\n\n{% endfor %}Answer:\n\n"
)
PLAIN_STOP = ("\nQuestion:\n", "\nInstructions:\n")
"""What ends an answer where a model has no template, and so no token for it."""
_MARK = "\ue000{}\ue001"


class _Generation(Extension):
    """The tag `generation`, which only training needs."""

    tags = {"generation"}  # noqa: RUF012 - the base class says so

    def parse(self, parser: Parser) -> Any:
        """Keep what stands inside."""
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatTemplate:
    """A model's template, or one that will do.

    Args:
        source: the template, empty where the file has none.
        known: tells whether a text is a token of the model.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "", known: Callable[[str], bool]) -> None:
        self._names = {"bos_token": bos, "eos_token": eos}
        fallback = _CHATML if known(CHATML) else _PLAIN
        self.own = True
        """Whether the template is the file's own."""
        self._fallback = _compile(fallback)
        try:
            self._template = _compile(source) if source else self._fallback
        except jinja2.TemplateError:
            self._template = self._fallback
        if self._template is self._fallback:
            self.own, source = False, fallback
        self.source = source
        self.stop: tuple[str, ...] = PLAIN_STOP if source == _PLAIN else ()

    def pieces(self, messages: Sequence[Message]) -> Pieces:
        """Return the prompt that asks for the next answer."""
        settled = _settled(messages)
        for attempt in (settled, _without_system(settled)):
            try:
                return _split(self._render(self._template, attempt), attempt)
            except (jinja2.TemplateError, TypeError, ValueError, AttributeError, KeyError):
                # Some templates refuse a system message; then it opens the first question.
                continue
        return _split(self._render(self._fallback, settled), settled)

    def _render(self, template: jinja2.Template, messages: Sequence[Message]) -> str:
        marked = [{"role": m.role, "content": _MARK.format(i)} for i, m in enumerate(messages)]
        return template.render(
            messages=marked,
            add_generation_prompt=True,
            # Models that can write their reasoning first are asked for the answer alone.
            enable_thinking=False,
            raise_exception=_refuse,
            strftime_now=lambda form: datetime.now().astimezone().strftime(form),
            tools=None,
            documents=None,
            **self._names,
        )


def defuse(text: str, tokens: Sequence[str]) -> str:
    """Return a text in which none of the tokens occurs: each is parted after its first character."""
    for token in tokens:
        if token in text:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _compile(source: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, autoescape=False, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    return environment.from_string(source)


def _to_json(value: Any, indent: int | None = None, ensure_ascii: bool = False, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _settled(messages: Sequence[Message]) -> list[Message]:
    """Strip contents, as templates do, and join neighbours of one role."""
    settled: list[Message] = []
    for message in messages:
        content = message.content.strip()
        if settled and settled[-1].role == message.role:
            content = f"{settled.pop().content}\n\n{content}"
        settled.append(Message(role=message.role, content=content))
    return settled


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """Put system messages into the question that follows."""
    turned = [Message(role="user", content=m.content) if m.role == "system" else m for m in messages]
    return _settled(turned)


def _split(text: str, messages: Sequence[Message]) -> Pieces:
    """Put the contents back in the place of their marks.

    Raises:
        ValueError: the template left one out, or repeated it.
    """
    pieces: Pieces = []
    for index, message in enumerate(messages):
        before, mark, text = text.partition(_MARK.format(index))
        if not mark:
            raise ValueError(f"the template leaves out message {index}")
        pieces += [(before, False), (message.content, True)]
    if "\ue000" in text:
        raise ValueError("the template repeats a message")
    return [piece for piece in [*pieces, (text, False)] if piece[0]]

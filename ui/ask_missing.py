"""The form for what a sum lacks, below the card that asks for it.

Owns the reading of what is typed into the words of a question, which is then asked as a whole. Invariant: what is no
value of its field stays in the field with the reason, and nothing is asked until something is filled in.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from chat.router import CalculatorRequest, MissingInput
from chat.wording import reply_language
from ui.calculator_catalogue import fields_by_name
from ui.calculator_fields import value_of
from ui.render import esc

Ask = Callable[[str], object]
_WIDE = 220
"""Pixels of a field; three stand beside each other."""


def missing_form(name: str, question: str, requests: Sequence[CalculatorRequest], ask: Ask) -> None:
    """Ask for what sums lack; `ask` gets the question with it, so that it reads as a whole."""
    wanted = {item.name: (request, item) for request in requests for item in request.missing}
    with st.form(f"al_missing_{name}", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for _, item in wanted.values():
                _field(name, item)
        for words in st.session_state.pop(_refused(name), ()):
            st.html(f'<p class="al-remark al-bad" role="alert">{esc(words)}</p>')
        st.form_submit_button("Work it out", on_click=_complete, args=(name, question, requests, ask), type="primary")


def _refused(name: str) -> str:
    return f"al_missing_why_{name}"


def _field(name: str, item: MissingInput) -> None:
    label = f"{item.label} ({item.unit})" if item.unit else item.label
    key = f"al_missing_{name}_{item.name}"
    if item.choices:
        st.selectbox(label, item.choices, index=None, placeholder="Choose", key=key, width=_WIDE)
    else:
        st.text_input(label, key=key, max_chars=80, width=_WIDE)


def _complete(name: str, question: str, requests: Sequence[CalculatorRequest], ask: Ask) -> None:
    given: dict[str, tuple[MissingInput, str]] = {}
    refused: list[str] = []
    for request in requests:
        for item in request.missing:
            text = str(st.session_state.get(f"al_missing_{name}_{item.name}") or "").strip()
            if text and item.name not in given:
                given[item.name] = (item, text)
                refused += filter(None, [refusal(request.calculator, item, text)])
    if not given:
        refused.append("Fill in a field first.")
    if refused:
        st.session_state[_refused(name)] = refused
    else:
        ask(completed(question, list(given.values())))


def refusal(calculator: str, item: MissingInput, text: str) -> str:
    """Return why a text is no value of a field of a calculator; nothing where it is one."""
    field = next((field for field in fields_by_name(calculator) if field.name == item.name), None)
    if field is None or not field.numeric or not isinstance(value_of(field, text), str):
        return ""
    unit = f" in {item.unit}" if item.unit else ""
    return f"{item.label}: “{text}” is no number{unit}, such as 80, 32k or 7e9."


def completed(question: str, given: Sequence[tuple[MissingInput, str]]) -> str:
    """Return a question with further inputs, as the reader could have written it."""
    comma = "，" if reply_language(question) == "zh" else ", "
    end = question.rstrip(" ?？.。!！")
    return comma.join([end, *(f"{item.name} = {text}" for item, text in given)]) if given else question

"""Calculators: by question, and one at a time, its whole state in the address."""

import streamlit as st

from ui.calculator_form import current
from ui.calculator_gallery import gallery_html
from ui.calculator_view import calculator_view, dress_calculators

TITLE, URL_PATH, ORDER = "Calculators", "calculators", 40
_LEAD = "Each with its formula, its source, and the numbers in print that do not come out."


def render() -> None:
    """Show the page."""
    dress_calculators()
    state = current()
    if state.name:
        calculator_view(state)
        return
    st.html(f'<header class="al-doc"><h1>Calculators</h1><p class="al-question">{_LEAD}</p></header>{gallery_html()}')


if __name__ == "__main__":
    render()

"""What every page wears: wordmark, stylesheet, and the script that follows links inside the app.

Owns the look together with `.streamlit/config.toml` and `hues`. Loads nothing from anywhere else.
"""

from functools import cache
from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER.parent / "static"
ICON = STATIC / "icon.png"


def is_dark() -> bool:
    """Tell whether the reader's page is dark."""
    return st.context.theme.type == "dark"


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


_bridge = st.components.v2.component("almanac_bridge", js=_read("bridge.js"))


def dress_with(name: str) -> None:
    """Put a page's own stylesheet on it."""
    st.html(f"<style>{_read(name)}</style>")


def dress() -> None:
    """Put wordmark, stylesheet and script on the page."""
    st.logo(str(STATIC / f"wordmark-{'dark' if is_dark() else 'light'}.svg"), size="large")
    # Menus and popovers stand beside the app in the page and would else stay light.
    scheme = f":root {{ color-scheme: {'dark' if is_dark() else 'light'}; }}"
    st.html(f"<style>{scheme}{_read('style.css')}</style>")
    with st.container(key="al_bridge"):
        _bridge(key="al_bridge_script")

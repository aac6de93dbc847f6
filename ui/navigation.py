"""The pages of the app, found in `ui.pages`, never listed by hand.

A page is one module there with TITLE, URL_PATH, ORDER and `render()`, run as a script; MENU = False
keeps it out of the menu. An import error in a page is not hidden.
"""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

import streamlit as st

from ui import pages as package


@cache
def discover() -> tuple[ModuleType, ...]:
    """Return the page modules in the order of the menu."""
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return tuple(sorted(modules, key=lambda module: (module.ORDER, module.URL_PATH)))


def pages() -> list[st.Page]:
    """Return the pages for `st.navigation`; the one without a path is the home."""
    return [
        st.Page(
            Path(str(module.__file__)),
            title=module.TITLE,
            url_path=module.URL_PATH,
            default=not module.URL_PATH,
            visibility="visible" if getattr(module, "MENU", True) else "hidden",
        )
        for module in discover()
    ]

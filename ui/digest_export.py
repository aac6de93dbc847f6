"""Downloads of a digest: each form is made when it is asked for, not with the page."""

from collections.abc import Callable

import streamlit as st

from almanac import Almanac
from digests.cited import Cited, cited_by
from digests.render import FORMS
from digests.types import Digest


def deferred(make: Callable[[], str]) -> Callable[[], bytes]:
    """Return what a download button calls: bytes, so that no line end is changed on the way."""
    return lambda: make().encode("utf-8")


def exported(almanac: Almanac, digest: Digest, form: str) -> str:
    """Return a digest in one of its forms."""
    cited = cited_by(almanac.store, digest) if FORMS[form].cites else Cited()
    return FORMS[form].render(digest, cited)


def downloads(almanac: Almanac, digest: Digest) -> None:
    """Offer a digest in every form."""
    with st.popover("Export", type="tertiary"):
        for name, form in FORMS.items():
            st.download_button(
                form.title,
                deferred(lambda name=name: exported(almanac, digest, name)),
                f"digest-{digest.quarter}.{form.suffix}",
                form.media_type,
                key=f"al_export_{name}",
                on_click="ignore",
                width="stretch",
            )
        st.caption("HTML stands alone and prints well. `python -m almanac digest --site DIR` writes all quarters.")

"""The web server around the pages: security headers on every answer, and `/healthz`.

Owns what Streamlit leaves open. Refuses every foreign host: the content policy lets the browser
load and call nothing but this server, whatever a document says. Invariant: nothing is waited for,
so that the server answers at once.
"""

import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kb.errors import AlmanacError
from ui.navigation import discover
from ui.rounds import follow_clock
from ui.state import prepare_library

log = logging.getLogger("almanac.ui")

# Streamlit's own code needs inline styles, inline start-up code, blob modules for components, and
# evaluation for chart expressions; no host but this one appears anywhere.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob: ws://127.0.0.1:* ws://localhost:*",
        "worker-src 'self' blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """ASGI middleware that sets the headers on every HTTP answer."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on and mark its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower().decode() not in HEADERS]
                message["headers"] = [*others, *self._headers]
            await send(message)

        await self._app(scope, receive, marked)


async def healthz(request: Request) -> PlainTextResponse:
    """Answer that the server is up."""
    return PlainTextResponse("ok")


def apologise(error: Exception) -> bool:
    """Show a fault of the product without its traceback, which goes to the log."""
    log.error("A page failed", exc_info=error)
    st.error("This page failed; that is a fault of the Almanac. The log has the details. Your library is as it was.")
    return True


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Import the pages, then open the library while the browser is still fetching the first one.

    Imports are quicker before the server answers than beside its answers.
    """
    discover()
    # Work behind the pages shares the interpreter with them: five times as many turns, five times shorter.
    sys.setswitchinterval(0.001)
    threading.Thread(target=_prepare, name="almanac-prepare", daemon=True).start()
    yield {}


def _prepare() -> None:
    try:
        library = prepare_library()
        follow_clock(library)
    except AlmanacError as error:
        # The first page shows it to the reader.
        log.warning("%s %s", error.message, error.hint)


def parts() -> dict[str, Any]:
    """Return what the server has beyond Streamlit's own: routes, headers, and what a fault looks like."""
    return {
        "routes": [Route("/healthz", healthz)],
        "middleware": [Middleware(SecurityHeaders)],
        "lifespan": lifespan,
        "on_script_error": apologise,
    }

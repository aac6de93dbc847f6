"""ui.server: headers on every answer, a health route, and a policy that names no foreign host."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ui.server import HEADERS, SecurityHeaders, apologise, healthz, parts


async def _answer(scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"x-own", b"kept"), (b"X-Frame-Options", b"ALLOW")],
            }
        )
        await send({"type": "http.response.body", "body": b""})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await SecurityHeaders(app)(scope, None, send)
    return sent


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: a browser of another test keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_every_http_answer_bears_the_headers() -> None:
    start, body = run(_answer({"type": "http"}))
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers == {"x-own": "kept", **HEADERS}
    assert body["type"] == "http.response.body"


def test_a_websocket_passes_untouched() -> None:
    start, _ = run(_answer({"type": "websocket"}))
    assert len(start["headers"]) == 2


def test_the_policy_lets_nothing_foreign_in() -> None:
    policy = HEADERS["content-security-policy"]
    assert not re.search(
        r"https?:|\*\.|(?<!:)\*(?![;\d])\s", policy.replace("ws://127.0.0.1:*", "").replace("ws://localhost:*", "")
    )
    for rule in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'self'"):
        assert rule in policy
    assert HEADERS["x-content-type-options"] == "nosniff"


def test_the_health_route_answers() -> None:
    assert [route.path for route in parts()["routes"]] == ["/healthz"]
    assert run(healthz(None)).body == b"ok"  # type: ignore[arg-type]  # it looks at no request


def test_a_fault_is_told_without_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    assert apologise(ZeroDivisionError("secret detail"))
    assert "secret detail" in caplog.text

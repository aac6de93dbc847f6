"""ingest._challenge: gatekeepers are told from pages, also from pages about gatekeepers."""

import pytest

from ingest._challenge import is_challenge

GATES = {
    "cloudflare header": (403, {"cf-mitigated": "challenge"}, b""),
    "cloudflare page": (503, {}, b"<!DOCTYPE html><html><head><title>Just a moment...</title>"),
    "cloudflare page, 200": (200, {}, b"<html><script>window._cf_chl_opt={cvId: '3'}</script>"),
    "aws": (202, {"x-amzn-waf-action": "challenge"}, b""),
    "aws captcha": (405, {"x-amzn-waf-action": "captcha"}, b""),
    "vercel": (429, {"x-vercel-mitigated": "challenge"}, b""),
    "datadome": (403, {"x-datadome": "protected"}, b""),
    "incapsula": (200, {}, b'<html><iframe src="/_Incapsula_Resource?SWUDNSAI=31"></iframe>'),
    "anubis": (200, {}, b"<html><title>Making sure you&#39;re not a bot!</title>"),
    "ddos-guard": (403, {}, b"<title> DDoS-Guard </title>"),
    "perimeterx": (403, {}, b'<html><div id="px-captcha"></div>'),
}


@pytest.mark.parametrize("name", GATES)
def test_gatekeepers(name: str) -> None:
    assert is_challenge(*GATES[name])


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {}, b"<rss><channel><title>Just a moment... of GPUs</title></channel></rss>"),
        (200, {}, b"<html><title>How Cloudflare challenges work</title><p>Just a moment...</p></html>"),
        (200, {"x-datadome": "protected"}, b"<html><title>A page</title></html>"),
        (403, {}, b"<html><title>403 Forbidden</title></html>"),
        (200, {"cf-mitigated": ""}, b"<rss/>"),
        (200, {}, b"Just a moment..."),
        (
            200,
            {},
            b"<rss><![CDATA[<title>Just a moment...</title><script>window._cf_chl_opt={}</script>]]></rss>",
        ),
        (200, {}, b"<!doctype html><title>On gates</title><pre>window._cf_chl_opt = 1</pre><p>id of the thing</p>"),
        (200, {}, b'{"html": "<title>Just a moment...</title>"}'),
        (500, {}, b""),
    ],
)
def test_what_is_none(status: int, headers: dict[str, str], body: bytes) -> None:
    assert not is_challenge(status, headers, body)

"""Which addresses of the web may be contacted: scheme, host, port and the network behind a name.

Owns the reading of an address into one form that is both checked and used, so that two readers
cannot disagree on it, and the table of networks that are nobody's business: private, loopback,
link-local, carrier-grade NAT, metadata services, multicast, reserved, and every IPv6 form that hides
an IPv4 address. Asks no name server. Invariant: what `read_address` returns is http or https, with a
plain host, without credentials.
"""

import ipaddress
import re

import httpx

from ingest._failures import NotFetched

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST = 8000
"""Characters of an address; longer ones are loops or attacks, and no server need take them."""

_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform service, inside the public range
    )
)  # fmt: skip
"""IANA's special-purpose registry for IPv4, and what clouds put beside it."""
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is allotted to the public; everything outside is private, local, multicast or reserved."""
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32", "2002::/16",  # documentation, 6to4
        "3fff::/20", "2620:4f:8000::/48",
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""How networks without IPv4 reach it: public where the embedded address is."""

_MACHINE = tuple(
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fe80::/10",
                 "fd00:ec2::/32")
)  # fmt: skip
"""Link-local addresses and the services by which clouds hand their machines keys."""

_SAFE_LOW_PORTS = frozenset((80, 443))
_BAD_PORTS = frozenset(
    (1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080)
)
"""Above 1023, the ports that browsers refuse as well (WHATWG Fetch, 2.9): other protocols listen there."""
_NUMERIC_HOST = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?")
_DOTTED_QUAD = re.compile(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_ADDRESS_HINT = "Give an address such as https://example.org/feed.xml."


def read_address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return an address in the form in which it is checked and requested; relative ones against `base`.

    Raises:
        NotFetched: scheme, host, port or credentials that no request is made with (`address`), or an
            address of a closed network (`private-address` is left to `check_host`).
    """
    shown = text.strip()[:200]
    if len(text) > LONGEST:
        raise NotFetched("address", f"An address of {len(text)} characters is too long: {shown[:80]}…", _ADDRESS_HINT)
    try:
        # Tabs and line ends inside an address are dropped, as browsers do, not sent.
        url = httpx.URL(re.sub(r"[\t\r\n]", "", text.strip()))
        url = base.join(url) if base is not None else url
        host, port, scheme = url.raw_host.decode("ascii").rstrip(".").lower(), url.port, url.scheme
        credentials = bool(url.userinfo)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise NotFetched("address", f"“{shown}” is no address: {error}.", _ADDRESS_HINT) from error
    if scheme not in ("http", "https"):
        message = f"“{shown}” is no web address; only http and https are fetched."
        raise NotFetched("address", message, _ADDRESS_HINT)
    if credentials:
        raise NotFetched(
            "address",
            f"The address of {host or 'nowhere'} holds a name and password, which are never sent.",
            "Give the address without them; a source behind a login cannot be read.",
        )
    _check_name(host, shown)
    if port is not None and port not in _SAFE_LOW_PORTS and (port < 1024 or port in _BAD_PORTS or port > 65535):
        raise NotFetched("address", f"“{shown}”: no web server is asked at port {port}.", _ADDRESS_HINT)
    return url.copy_with(host=host, fragment=None, raw_path=url.raw_path)


def _check_name(host: str, shown: str) -> None:
    if literal(host) is not None:
        return
    if _NUMERIC_HOST.fullmatch(host) and not _DOTTED_QUAD.fullmatch(host):
        # 2130706433, 0x7f.1 and 0177.0.0.1 all mean 127.0.0.1 to some libraries and not to others.
        raise NotFetched("address", f"“{shown}”: the host is a number in disguise.", _ADDRESS_HINT)
    if not host or len(host) > 253 or ".." in host or not _HOST.fullmatch(host) or _DOTTED_QUAD.fullmatch(host):
        raise NotFetched("address", f"“{shown}” names no host.", _ADDRESS_HINT)


def literal(host: str) -> IPAddress | None:
    """Return the IP address that a host states in its one plain spelling; None for names."""
    text = host[1:-1] if host.startswith("[") else host
    if ":" not in text and not _DOTTED_QUAD.fullmatch(text):
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the open internet; anything unreadable does not."""
    parsed = _meant(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed in _OPEN_V6 and not any(parsed in network for network in _CLOSED_V6)
    return parsed is not None and not any(parsed in network for network in _CLOSED_V4)


def is_reachable(address: str) -> bool:
    """Tell whether an IP address may be contacted where the own network is open: all but the machine's own services."""
    parsed = _meant(address)
    return parsed is not None and not any(parsed in network for network in _MACHINE)


def _meant(address: str) -> IPAddress | None:
    """The address that is contacted in the end, out of forms that embed it; None where it is none."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return parsed.ipv4_mapped
        if parsed in _NAT64:
            return ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    return parsed


def host_of(url: str) -> str:
    """Return the host of an address as politeness counts it, empty where no request could be made to it."""
    try:
        return read_address(url).host
    except NotFetched:
        return ""

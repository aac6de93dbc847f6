"""ingest._hosts: the open internet and nothing else, however an address is spelled."""

import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest._failures import NotFetched
from ingest._hosts import host_of, is_public, is_reachable, read_address

CLOSED = (
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.0.9 168.63.129.16 169.254.169.254 172.16.0.1 "
    "172.31.255.255 192.0.0.192 192.0.2.7 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.251 "
    "239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 "
    "64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:53aa:64c:0:0:80ff:fffe 2001:2::1 2001:10::1 "
    "2001:db8::1 2002:7f00:1::1 2002:0808:0808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 "
    "ff02::1 nonsense"
).split()
OPEN = (
    "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.1 192.167.255.255 "
    "223.255.255.255 2606:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808"
).split()


@pytest.mark.parametrize("address", CLOSED)
def test_closed_networks(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fe80::1%eth0",
     "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "nonsense"],
)  # fmt: skip
def test_what_stays_closed_where_the_own_network_is_open(address: str) -> None:
    assert not is_reachable(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd12::1", "8.8.8.8"])
def test_the_own_network_may_be_opened(address: str) -> None:
    assert is_reachable(address)


@given(st.ip_addresses(v=4))
def test_the_table_is_at_least_as_strict_as_pythons(address: ipaddress.IPv4Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=6))
def test_the_table_is_at_least_as_strict_as_pythons_for_ipv6(address: ipaddress.IPv6Address) -> None:
    if is_public(str(address)) and address.ipv4_mapped is None:
        assert address.is_global
        assert not address.is_multicast


REFUSED = {
    "file:///etc/passwd": "only http and https",
    "ftp://example.org/x": "only http and https",
    "javascript:alert(1)": "only http and https",
    "gopher://example.org:70/": "only http and https",
    "feed://example.org/x": "only http and https",
    "example.org/feed": "only http and https",
    "": "only http and https",
    "http://": "names no host",
    "http:///path": "names no host",
    "http://./": "names no host",
    "http://a..b/": "names no host",
    "http://-/": "names no host",
    "http://user@example.org/": "name and password",
    "http://user:word@example.org/": "name and password",
    "http://127.0.0.1@example.org/": "name and password",
    "http://2130706433/": "number in disguise",
    "http://0x7f000001/": "number in disguise",
    "http://0x7f.1/": "number in disguise",
    "http://127.1/": "number in disguise",
    "http://127.0.0.1.0x1/": "number in disguise",
    "http://017700000001/": "number in disguise",
    "http://0177.0.0.1/": "0177.0.0.1",
    "http://127.0.0.256/": "127.0.0.256",
    "http://１２７.0.0.1/": "１２７",
    "http://[::1": "no address",
    "http://[::1]x/": "no address",
    "http://example.org:22/": "port 22",
    "http://example.org:25/": "port 25",
    "http://example.org:6667/": "port 6667",
    "http://example.org:99999/": "port 99999",
    "http://example.org:-1/": "port -1",
    "http://exa\x00mple.org/": "no address",
    "http://exam ple.org/": "names no host",
    "http://a_b\\@example.org/": "name and password",
    "http://example.org/" + "x" * 9000: "too long",
}


@pytest.mark.parametrize("address", REFUSED)
def test_what_no_request_is_made_to(address: str) -> None:
    with pytest.raises(NotFetched) as caught:
        read_address(address)
    assert caught.value.cause == "address"
    assert REFUSED[address] in caught.value.message
    assert caught.value.hint


READ = {
    " http://Example.ORG ": "http://example.org/",
    "https://example.org./a#part": "https://example.org/a",
    "HTTPS://example.org:443/a?b=c": "https://example.org/a?b=c",
    "http://example.org:8080/": "http://example.org:8080/",
    "http://exam\nple.org/a\tb": "http://example.org/ab",
    "https://例え.jp/路?q=中": "https://xn--r8jz45g.jp/%E8%B7%AF?q=%E4%B8%AD",
    "http://[2606:4700::1111]/": "http://[2606:4700::1111]/",
    "http://127.0.0.1./": "http://127.0.0.1/",
    "http://feed_1.example.org/": "http://feed_1.example.org/",
}


@pytest.mark.parametrize("address", READ)
def test_one_form_for_check_and_request(address: str) -> None:
    assert str(read_address(address)) == READ[address]


def test_relative_addresses_are_read_against_their_base() -> None:
    base = read_address("https://example.org/a/b?c")
    assert str(read_address("../d", base)) == "https://example.org/d"
    assert str(read_address("//other.example/x", base)) == "https://other.example/x"
    assert str(read_address("?e", base)) == "https://example.org/a/b?e"
    with pytest.raises(NotFetched):
        read_address("file:///etc/passwd", base)


@given(st.text(max_size=80), st.booleans())
def test_reading_never_fails_otherwise(text: str, prefixed: bool) -> None:
    try:
        url = read_address(f"http://{text}" if prefixed else text)
    except NotFetched:
        return
    assert url.scheme in ("http", "https")
    assert url.raw_host
    assert not url.userinfo
    assert str(read_address(str(url))) == str(url)
    assert httpx.URL(str(url)).raw_host == url.raw_host


def test_hosts_as_politeness_counts_them() -> None:
    assert host_of("https://Blog.Example.org.:443/x") == "blog.example.org"
    assert host_of("no address") == ""
    assert host_of("http://[") == ""

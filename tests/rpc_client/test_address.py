"""Addresses: where requests go, without anything secret in it."""

import pytest

from rpc_client import AsyncClient, UsageError
from rpc_client.address import base_address, endpoint


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://erp.example:8069", "http://erp.example:8069/rpc"),
        ("https://erp.example/", "https://erp.example/rpc"),
        ("https://example/erp/", "https://example/erp/rpc"),
    ],
)
def test_endpoints_live_below_the_base(base: str, url: str) -> None:
    assert str(endpoint(base_address(base), "/rpc")) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "erp.example",
        "ftp://erp.example",
        "file:///etc/passwd",
        "gopher://erp",
        "http://",
        "http://x?a=b",
        "http://x#a",
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        AsyncClient(text)


@pytest.mark.parametrize("text", ["http://ada:s3cret-words@erp.example", "http://s3cret-words@erp.example"])
def test_credentials_in_an_address_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        AsyncClient(text)

    assert "s3cret-words" not in str(refused.value)

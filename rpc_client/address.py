"""The address of the other side: where requests go, and nothing secret in it."""

from yarl import URL

from rpc_client.errors import UsageError


def base_address(text: str) -> URL:
    """The URL that endpoint paths are joined to. A path in it is kept, so a deployment may live below one.

    UsageError for anything but http and https, and for user information, query or fragment: an address is shown in
    messages and logs, so credentials have no place in it. The text itself is not repeated, because it may hold
    some.
    """
    try:
        url = URL(text)
    except ValueError:
        raise UsageError("The URL cannot be read.") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise UsageError("The URL must look like https://host or http://host:port.")
    if url.user is not None or url.password is not None or url.query_string or url.fragment:
        raise UsageError("The URL must hold no credentials, query or fragment; login and password are given beside it.")
    return url


def endpoint(base: URL, path: str) -> URL:
    """The URL of one endpoint below the base."""
    return base.joinpath(*path.strip("/").split("/"))

"""A zeep client that stays on this computer, and says plainly when there is no WSDL."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import zeep

from autograder.loopback import waits


class NoWsdl(LookupError):
    """There is no WSDL where one was expected. The text names the path or URL, and the cure."""


class _Transport(zeep.Transport):
    """Speaks HTTP to loopback addresses only, with a time limit and past any proxy that the system has set."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout, operation_timeout=timeout)
        self.session.trust_env = False

    def close(self) -> None:
        """Close the connections; the end of a client's ``with`` block calls this, where a transport has it."""
        self.session.close()

    def load(self, url: str) -> bytes:
        """Read a document: the WSDL itself or what it imports."""
        _stay(url)
        content: bytes = super().load(url)
        return content

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
        """Call an operation at the address that the WSDL names."""
        _stay(address)
        return super().post(address, message, headers)


def soap_client(wsdl: str | Path, *, timeout: float = 2.0, **settings: Any) -> zeep.Client:
    """A zeep client for a service on this computer; use it in a ``with`` block.

    Args:
        wsdl: URL or path of the WSDL.
        timeout: seconds for each request, scaled.
        settings: further settings of zeep. A document type declaration is refused, and what a WSDL imports from
            elsewhere is not fetched.

    Raises:
        NoWsdl: nothing is there, nobody listens there, or what is there is no WSDL.
        ValueError: the URL leads to another computer.
    """
    where = str(wsdl)
    transport = _Transport(waits.seconds(timeout))
    try:
        return zeep.Client(
            where, transport=transport, settings=zeep.Settings(forbid_dtd=True, forbid_external=True, **settings)
        )
    except BaseException as error:
        transport.close()
        why = _why(error)
        if why:
            raise NoWsdl(f"there is no WSDL at {where}: {why}") from None
        raise


def _why(error: BaseException) -> str:
    """What is wrong and what cures it, for the errors that mean: no WSDL."""
    # zeep fetches with requests, whose exceptions are OSErrors that have the response, where there was one.
    response = getattr(error, "response", None)
    match error:
        case FileNotFoundError() | IsADirectoryError() | NotADirectoryError():
            return "no such file; give the path of a .wsdl file, or a URL that begins with http://"
        case OSError() if response is not None:
            return f"the server answered {response.status_code} {response.reason}; most services have it at ?wsdl"
        case OSError() if "timed out" in str(error):
            return "nothing came in time; is the server busy with another client?"
        case OSError():
            return "nobody listens there; start the service first and use the address that it has now"
        case zeep.exceptions.XMLSyntaxError():
            return "what is there is not XML; most services have their WSDL at ?wsdl"
        case zeep.exceptions.Error() if not str(error).startswith("ExternalReference"):
            return f"what is there can't be read as one ({error})"
    return ""


def _stay(url: str) -> None:
    """Refuse a URL of another computer; a path has no host."""
    host = urlsplit(url).hostname
    if host is None or host == "localhost":
        return
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here:
        raise ValueError(f"{url} leads to another computer, and nothing here leaves this one: use 127.0.0.1")

"""The transport decides: it loads one document, the WSDL, and nothing more."""

from typing import Any

from zeep import Client, Transport
from zeep.exceptions import Fault, TransportError, XMLSyntaxError
from zeep.helpers import serialize_object


class SoapFault(Exception):
    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


class OneDocument(Transport):
    def __init__(self, url: str) -> None:
        super().__init__(timeout=10, operation_timeout=10)
        self.url = url

    def load(self, url: str) -> bytes:
        if url != self.url:
            raise ValueError(f"{self.url} would have {url} fetched")
        content: bytes = super().load(url)
        return content


def call_operation(wsdl_url: str, operation: str, parameters: dict[str, object]) -> object:
    transport = OneDocument(wsdl_url)
    try:
        client = Client(wsdl_url, transport=transport)
        if operation not in client.service._operations:
            raise LookupError(f"{operation} is not one of {', '.join(client.service._operations)}")
        answer: Any = client.service[operation](**parameters)
    except (OSError, XMLSyntaxError, TransportError) as error:
        raise LookupError(f"no WSDL at {wsdl_url}: {type(error).__name__}") from error
    except Fault as fault:
        raise SoapFault((fault.code or "").split(":")[-1], fault.message) from fault
    finally:
        transport.session.close()
    return serialize_object(answer, target_cls=dict)

"""The WSDL is fetched with urllib and given to zeep as bytes; the answer is taken apart by hand."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import zeep
from zeep.exceptions import Error, ExternalReferenceForbidden, Fault
from zeep.xsd import CompoundValue


class SoapFault(Exception):
    def __init__(self, code: str, string: str) -> None:
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self) -> str:
        return f"{self.code}: {self.string}"


def plain(value: object) -> object:
    if isinstance(value, CompoundValue):
        return {name: plain(value[name]) for name in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


@contextmanager
def faults() -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        code = fault.code or "Server"
        raise SoapFault(code[code.find(":") + 1 :], fault.message) from None


def call_operation(wsdl_url: str, operation: str, parameters: dict[str, object]) -> object:
    try:
        with urlopen(wsdl_url, timeout=10) as response:
            text = response.read()
    except OSError as error:
        raise LookupError(f"{wsdl_url} has no WSDL: {error}") from error
    try:
        client = zeep.Client(io.BytesIO(text), settings=zeep.Settings(forbid_external=True))
    except ExternalReferenceForbidden as error:
        raise ValueError(str(error)) from error
    except Error as error:
        raise LookupError(f"{wsdl_url} has no WSDL: {error}") from error
    for service in client.wsdl.services.values():
        for port in service.ports.values():
            if operation in port.binding.all():
                proxy = client.bind(service.name, port.name)
                with faults():
                    return plain(proxy[operation](**parameters))
    raise LookupError(f"no operation {operation}")

# fails: test_fault | a prefix is only an abbreviation
import zeep
from zeep.exceptions import Error, ExternalReferenceForbidden, Fault
from zeep.helpers import serialize_object


class SoapFault(Exception):
    def __init__(self, code, string):
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self):
        return f"{self.code}: {self.string}"


def call_operation(wsdl_url, operation, parameters):
    try:
        client = zeep.Client(wsdl_url, settings=zeep.Settings(forbid_external=True))
    except ExternalReferenceForbidden as error:
        raise ValueError(str(error))
    except (OSError, Error) as error:
        raise LookupError(f"no WSDL at {wsdl_url}: {error}")
    try:
        call = client.service[operation]
    except AttributeError:
        raise LookupError(f"no operation {operation}")
    try:
        return serialize_object(call(**parameters), dict)
    except Fault as fault:
        raise SoapFault(fault.code, fault.message)

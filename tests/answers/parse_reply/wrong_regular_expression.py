# fails: test_any_prefix | ValueError: no body
import html
import re


class SoapFault(Exception):
    def __init__(self, code, string):
        super().__init__(code, string)
        self.code = code
        self.string = string

    def __str__(self):
        return f"{self.code}: {self.string}"


def parse_reply(status, body):
    text = body.decode("utf-8")
    if "<!DOCTYPE" in text:
        raise ValueError("a declaration")
    found = re.search(r"<(?:soap:)?Body[^>]*>(.*)</(?:soap:)?Body>", text, re.DOTALL)
    if not found:
        raise ValueError("no body")
    values = dict(re.findall(r"<(?:\w+:)?(\w+)>([^<]*)</", found[1]))
    if "faultcode" in values:
        raise SoapFault(values["faultcode"].split(":")[-1], html.unescape(values["faultstring"]))
    return {name: html.unescape(value) for name, value in values.items()}

"""Assignment 13: SOAP, by hand and with zeep.

=============  ===========================================================================
``messages``   writes SOAP messages in many spellings, and reads what an answer wrote
``faults``     asks for a SoapFault with a certain code and string
``exchange``   one HTTP request and its answer over a recorded socket, with h11 and zeep
=============  ===========================================================================
"""

ASSIGNMENT = "13-soap"

PRELOAD = ("http.server", "lxml.etree", "uvicorn", "xml.etree.ElementTree", "zeep")

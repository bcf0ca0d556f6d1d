from __future__ import annotations

from typing import Any

import pytest
import requests

from expense_sandbox.nav.soap.quirks import SoapQuirks

VENDORS = "Vendor_List"
PAGE = "urn:microsoft-dynamics-schemas/page/vendor_list"
READ_ALL = f'<ReadMultiple xmlns="{PAGE}"><setSize>0</setSize></ReadMultiple>'
SYSTEM = "urn:microsoft-dynamics-schemas/nav/system/"


def test_the_companies(soap: Any) -> None:
    answer = soap.send(f"{soap.server.url}/NAV/WS/SystemService", f'<Companies xmlns="{SYSTEM}" />')
    assert answer.status_code == 200
    assert "<return_value>CRONUS &amp; Søn's Ltd.</return_value>" in answer.text
    assert "<return_value>Other</return_value>" in answer.text


def test_the_services_of_a_company(soap: Any) -> None:
    answer = soap.session.get(f"{soap.server.url}/NAV/WS/Other/services", timeout=10)
    assert f'ref="{soap.server.url}/NAV/WS/Other/Page/Vendor_List"' in answer.text
    assert f'ref="{soap.server.url}/NAV/WS/Other/Codeunit/ExpensePosting"' in answer.text


def test_services_without_a_company(start_soap: Any, soap: Any) -> None:
    answer = soap.session.get(f"{soap.server.url}/NAV/WS/Services", timeout=10)
    assert answer.status_code == 200
    assert f'ref="{soap.server.url}/NAV/WS/SystemService"' in answer.text
    assert "Vendor_List" not in answer.text
    with_default = start_soap(soap=SoapQuirks(default_company="Other"))
    answer = with_default.session.get(f"{with_default.server.url}/NAV/WS/Services", timeout=10)
    assert "/NAV/WS/Other/Page/Vendor_List" in answer.text


def test_path_words_and_service_names_in_any_case(start_soap: Any, soap: Any) -> None:
    url = f"{soap.server.url}/NAV/WS/Other/page/VENDOR_LIST"
    assert "<No>S1</No>" in soap.send(url, READ_ALL).text
    strict = start_soap(soap=SoapQuirks(case_sensitive_service_names=True))
    assert strict.send(strict.url("VENDOR_LIST"), READ_ALL).status_code == 404
    assert strict.send(strict.url(VENDORS), READ_ALL).status_code == 200


def test_a_wrong_company(start_soap: Any, soap: Any, refused: Any) -> None:
    for name in ("NOBODY", soap.company.lower()):
        soap.company = name
        with pytest.raises(refused) as caught:
            soap.read_multiple(VENDORS)
        assert caught.value.text == f"The company {name} does not exist."
    other = start_soap(soap=SoapQuirks(unknown_company="http_404"))
    assert other.send(other.url(VENDORS, company="NOBODY"), READ_ALL).status_code == 404


def test_without_a_company_the_default_is_taken_silently(
    start_soap: Any, soap: Any, refused: Any
) -> None:
    soap.company = ""
    with pytest.raises(refused, match="the default company cannot be found"):
        soap.read_multiple(VENDORS)
    with_default = start_soap(soap=SoapQuirks(default_company="Other"))
    with_default.company = ""
    assert [row["No"] for row in with_default.read_multiple(VENDORS)] == ["S1"]


def test_the_only_company_needs_no_name(start_soap: Any) -> None:
    from expense_sandbox.seeds import CompanySeed, VendorSeed

    soap = start_soap(CompanySeed("Only", "EUR", (), (VendorSeed("O1", "Oe"),)))
    soap.company = ""
    assert [row["No"] for row in soap.read_multiple(VENDORS)] == ["O1"]


def test_a_tenant_has_to_be_named(start_soap: Any) -> None:
    soap = start_soap(soap=SoapQuirks(tenant="t1"))
    url = soap.url(VENDORS)
    assert soap.send(url, READ_ALL).status_code == 404
    assert soap.send(f"{url}?tenant=t2", READ_ALL).status_code == 404
    assert soap.send(f"{url}?tenant=t1", READ_ALL).status_code == 200
    wsdl = soap.session.get(f"{url}?wsdl&tenant=t1", timeout=10)
    assert "/Page/Vendor_List?tenant=t1" in wsdl.text


def test_a_service_that_is_not_published(start_soap: Any, soap: Any, refused: Any) -> None:
    assert soap.control("DELETE", f"services/Page/{VENDORS}").status_code == 204
    answer = soap.send(soap.url(VENDORS), READ_ALL)
    assert (answer.status_code, answer.text) == (404, 'Service "Page/Vendor_List" was not found!')
    other = start_soap(soap=SoapQuirks(unpublished="fault"))
    other.control("DELETE", f"services/Page/{VENDORS}")
    with pytest.raises(refused, match='Service "Page/Vendor_List" was not found!'):
        other.read_multiple(VENDORS)


def test_a_service_under_another_name(soap: Any) -> None:
    published = soap.control(
        "POST", "services", {"kind": "Page", "name": "Kreditoren", "object_id": 27}
    )
    assert published.status_code == 201
    assert len(soap.read_multiple("Kreditoren")) == 4
    assert soap.control("POST", "services", {"kind": "Report"}).status_code == 400
    assert soap.control("DELETE", "services/Page/Nope").status_code == 404
    listed = soap.control("GET", "services").json()
    assert {"kind": "Page", "name": "Kreditoren", "object_id": 27} in listed


def test_soap_switched_off(soap: Any) -> None:
    assert soap.control("POST", "endpoints/soap", {"enabled": False}).json() == {"soap": False}
    assert soap.send(soap.url(VENDORS), READ_ALL).status_code == 405
    assert soap.control("GET", "endpoints").json()["soap"] is False
    soap.control("POST", "endpoints/soap", {"enabled": True})
    assert soap.send(soap.url(VENDORS), READ_ALL).status_code == 200


def test_strangers_are_not_let_in(soap: Any) -> None:
    for auth in (None, ("API", "wrong"), ("SOMEBODY", "access-key-1")):
        answer = requests.post(soap.url(VENDORS), b"", auth=auth, timeout=10)
        assert answer.status_code == 401
        assert answer.content == b""
        assert 'Basic realm=""' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("not XML at all", "syntax error"),
        ("<a></b>", "mismatched tag"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DTD is prohibited"),
        ("<a />", "has no operation"),
    ],
)
def test_bodies_that_are_no_message(soap: Any, body: str, text: str) -> None:
    headers = {"Content-Type": "text/xml"}
    answer = soap.session.post(soap.url(VENDORS), body, headers=headers, timeout=10)
    assert answer.status_code == 500
    assert text in answer.text


def test_other_requests(soap: Any) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = soap.session.post(soap.url(VENDORS), "{}", headers=json_type, timeout=10)
    assert answer.status_code == 400
    assert soap.session.put(soap.url(VENDORS), timeout=10).status_code == 405
    for path in ("", "/", "/Other", "/Other/Query/X", "/Other/Page/X/Y"):
        answer = soap.session.get(f"{soap.server.url}/NAV/WS{path}", timeout=10)
        assert answer.status_code == 404, path


def test_operations_of_another_service(soap: Any, refused: Any) -> None:
    with pytest.raises(refused, match="The Element <Nope> is unexpected"):
        soap.call(VENDORS, "Nope")
    wrong = READ_ALL.replace("vendor_list", "Vendor_List")
    assert (
        "The Element &lt;ReadMultiple&gt; is unexpected" in soap.send(soap.url(VENDORS), wrong).text
    )


def test_faults_on_the_wire(start_soap: Any, soap: Any) -> None:
    body = f'<Read xmlns="{PAGE}" />'
    answer = soap.send(soap.url(VENDORS), body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/xml; charset=utf-8")
    text = "Parameter No in method Read in service Vendor_List is null!"
    assert answer.text == (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        '<faultcode xmlns:a="urn:microsoft-dynamics-schemas/error">'
        "a:System.InvalidOperationException</faultcode>"
        f'<faultstring xml:lang="en-US">{text}</faultstring><detail>'
        '<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">'
        f"{text}</string></detail></s:Fault></s:Body></s:Envelope>"
    )
    terse = start_soap(soap=SoapQuirks(fault_detail=False))
    assert "<detail>" not in terse.send(terse.url(VENDORS), body).text


def test_the_log_names_operations(soap: Any) -> None:
    soap.read_multiple(VENDORS)
    (logged,) = soap.server.requests_log
    assert logged.operation == "Vendor_List ReadMultiple"


def test_the_server_may_think_it_is_elsewhere(start_soap: Any) -> None:
    soap = start_soap(soap=SoapQuirks(own_address="http://nav-internal:7047"))
    wsdl = soap.session.get(f"{soap.url(VENDORS)}?wsdl", timeout=10).text
    assert 'location="http://nav-internal:7047/NAV/WS/CRONUS%20%26%20S%C3%B8n%27s%20Ltd.' in wsdl

"""Values and faults of SOAP, without a server."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    ProtocolError,
    TargetError,
)
from target_dynamics_nav.nav.soap_faults import fault_problem, refusal
from target_dynamics_nav.nav.soap_values import (
    amount,
    caption,
    criteria,
    day,
    option_name,
    readable_xml,
    sendable,
)

NAV = "a:Microsoft.Dynamics.Nav.Types.Exceptions."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("E100-R", "E100-R"),
        ("10000", "10000"),
        ("A&B", "'A&B'"),
        ("A|B", "'A|B'"),
        ("1..2", "'1..2'"),
        ("<>", "'<>'"),
        ("@a*?", "'@a*?'"),
        ("O'Brien", "'O''Brien'"),
        ("(a)=b", "'(a)=b'"),
        ("", "''"),
        (" a", "' a'"),
        ("%1", "'%1'"),
        ("Zürich", "'Zürich'"),
    ],
)
def test_a_filter_means_the_value_and_nothing_else(value: str, expected: str) -> None:
    assert criteria(value) == expected


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("G_L_Account", "G/L Account"),
        ("Bank_Account", "Bank Account"),
        ("Begin_Total", "Begin-Total"),
        ("_blank_", ""),
        (None, ""),
        ("Posting", "Posting"),
        ("Int_x0027_l", "Int'l"),
    ],
)
def test_option_names(option: str | None, expected: str) -> None:
    assert caption(option) == expected


@pytest.mark.parametrize("wanted", ["G/L Account", "Bank Account", "Vendor", ""])
def test_an_option_comes_back_as_it_was_sent(wanted: str) -> None:
    assert caption(option_name(wanted)) == wanted


def test_blank_dates_and_missing_amounts() -> None:
    assert day(date(1, 1, 1)) is None
    assert day(None) is None
    assert day(date(2018, 6, 30)) == date(2018, 6, 30)
    assert amount(Decimal(0)) == 0
    for missing in (None, "1.5", 1.5, Decimal("NaN")):
        with pytest.raises(ValueError, match="not an amount"):
            amount(missing)


@given(st.text())
def test_whatever_the_text_it_can_be_sent_and_read(text: str) -> None:
    element = etree.Element("a")
    element.text = sendable(text)
    assert len(sendable(text)) == len(text)
    etree.fromstring(readable_xml(etree.tostring(element)))


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(0, 0x110010))
def test_any_control_character_is_made_readable(text: str, number: int) -> None:
    escaped = "".join(f"&#{ord(character)};" for character in text)
    content = f"<a>{escaped}&#x{number:X};</a>".encode()
    parsed = etree.fromstring(readable_xml(content))
    assert len(parsed.text or "") == len(text) + 1


def test_what_is_readable_stays_as_it_is() -> None:
    content = "<a>&#228;&#x1F600; ä &amp; \t\n</a>".encode()
    assert readable_xml(content) == content


@pytest.mark.parametrize(
    ("code", "text", "error", "expected"),
    [
        (
            f"{NAV}NavNCLDialogException",
            "Purchase Invoice EXP-4711 already exists for this vendor.",
            DocumentRefusedError,
            "duplicate_document",
        ),
        (
            f"{NAV}NavTestFieldException",
            "Blocked must be equal to 'No'  in G/L Account: No.=8630. Current value is 'Yes'.",
            DocumentRefusedError,
            "account_blocked",
        ),
        (
            f"{NAV}NavCSideRecordNotFoundException",
            "The Purchase Header does not exist. Identification fields and values: No.='1001'",
            DocumentRefusedError,
            "nav_refused",
        ),
        (
            f"{NAV}NavCSideDuplicateKeyException",
            "The Gen. Journal Line already exists. Identification fields and values: Line No.='1'",
            OutcomeUnknownError,
            "same_key_exists",
        ),
        (
            f"{NAV}NavCSideValidateTableRelationException",
            "The field X of table Y contains a value (X) that cannot be found in the related table (Vendor).",
            DocumentRefusedError,
            "vendor_missing",
        ),
        (
            f"{NAV}NavNCLCallbackNotAllowedException",
            "Microsoft Dynamics NAV Server attempted to issue a client callback to show a confirmation dialog box.",
            DocumentRefusedError,
            "extension_dialog",
        ),
        (
            f"{NAV}NavNCLStringLengthExceededException",
            "The length of the string is 57, but it must be less than or equal to 50 characters. Value: x",
            DocumentRefusedError,
            "text_too_long",
        ),
        (
            "a:Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
            "Other user has modified Purchase Header: Document Type=Invoice, No.=1001",
            DraftChangedError,
            "draft_changed",
        ),
        (
            f"{NAV}NavCSideDataException",
            "Another user has modified the record for this Purchase Header after you retrieved it from the database.",
            DraftChangedError,
            "draft_changed",
        ),
        (
            f"{NAV}NavPermissionException",
            "You do not have the following permissions on TableData Purchase Header: Insert.",
            CredentialsError,
            "nav_permissions_missing",
        ),
        (
            "a:Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
            'Service "Page/X" was not found!',
            ConfigurationError,
            "service_not_published",
        ),
        (
            f"{NAV}NavCompanyNotFoundException",
            "The company CRONUS does not exist.",
            ConfigurationError,
            "company_unknown",
        ),
        (
            "a:System.InvalidOperationException",
            "The Element <ns1:Create> is unexpected.",
            ProtocolError,
            "nav_request_not_understood",
        ),
        ("s:Client", "Parameter docNo is null!", ProtocolError, "nav_request_not_understood"),
        (
            f"{NAV}NavSomethingNewException",
            "Ein Satz in einer anderen Sprache.",
            DocumentRefusedError,
            "nav_refused",
        ),
        (
            f"{NAV}NavNCLDialogException",
            "The IC partner company X does not exist.",
            DocumentRefusedError,
            "nav_refused",
        ),
    ],
)
def test_faults(code: str, text: str, error: type[TargetError], expected: str) -> None:
    found = refusal(fault_problem(code, text), "Page/X")
    assert type(found) is error
    assert found.code == expected
    assert found.nav_message == " ".join(text.split())

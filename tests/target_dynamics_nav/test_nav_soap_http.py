"""SOAP when the network, the server or its administrator does not play along."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from expense_sandbox.faults import ALWAYS, Fault
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.soap.quirks import SoapQuirks
from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    OutageError,
    OutcomeUnknownError,
    ProtocolError,
    RetryLaterError,
    StopRunError,
)
from target_dynamics_nav.nav.factory import build_client

from .nav_stand_in import CREDENTIALS, INVOICE, JOURNAL, draft, line
from .soap_stand_in import SoapNav, connect, soap_nav

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.http import Request, Response

CREATE = "Purchase_Invoice Create$"
POST = "ExpensePosting PostPurchaseInvoice"
FIND = "Purchase_Invoice ReadMultiple"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def fault_answer(exception: str, text: str) -> str:
    return (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="urn:microsoft-dynamics-schemas/error">a:{exception}</faultcode>'
        f"<faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>"
    )


LOCKED = fault_answer(
    "Microsoft.Dynamics.Nav.Types.Exceptions.NavCSideException",
    "The operation could not complete because a record in the Purchase Header table was locked by "
    "another user. Please retry the activity.",
)


@pytest.fixture
def nav() -> Iterator[SoapNav]:
    with soap_nav() as running:
        running.client.read_master_data(running.company)
        running.server.requests_log.clear()
        yield running


# A fault is an answer


def test_a_refusal_is_not_repeated(nav: SoapNav) -> None:
    with pytest.raises(DocumentRefusedError):
        nav.create(draft(INVOICE, line("8320", "1.00")))
    assert nav.asked("Purchase_Invoice Create") == 1
    assert nav.slept == []


@pytest.mark.parametrize("kind", ["reset_after", "truncate", "after"])
@pytest.mark.parametrize("step", [CREATE, POST])
def test_a_write_whose_answer_is_lost_is_not_repeated_and_is_found(
    nav: SoapNav, step: str, kind: str
) -> None:
    created = nav.create(draft(key="E1-R")) if step == POST else None
    nav.fail(Fault(kind, step, status=502))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknownError):
        nav.post(created) if created else nav.create(draft(key="E1-R"))
    (found,) = nav.find("E1-R")
    assert found.posted == (step == POST)
    assert nav.asked("Purchase_Invoice Create") == 1
    assert nav.asked("ExpensePosting PostPurchaseInvoice") == (step == POST)


@pytest.mark.parametrize("kind", ["reset_before", "before"])
def test_a_write_that_was_not_carried_out_is_of_unknown_fate_all_the_same(
    nav: SoapNav, kind: str
) -> None:
    nav.fail(Fault(kind, CREATE, status=503))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknownError):
        nav.create(draft())
    assert nav.find() == []


def test_an_error_page_with_status_500_is_no_answer_to_a_write(nav: SoapNav) -> None:
    nav.fail(Fault("before", CREATE, status=500, body="<html><p>Bad gateway</p></html>"))
    with pytest.raises(OutcomeUnknownError):
        nav.create(draft())


def test_too_many_requests_is_certain_not_to_be_carried_out(nav: SoapNav) -> None:
    nav.fail(Fault("before", CREATE, status=429, headers={"Retry-After": "7"}, times=2))
    nav.create(draft())
    assert len(nav.find()) == 1
    assert [wait // 1 for wait in nav.slept] == [7, 7]


def test_a_locked_record_makes_a_write_uncertain_and_a_read_wait(nav: SoapNav) -> None:
    nav.fail(Fault("before", CREATE, status=500, body=LOCKED))
    with pytest.raises(OutcomeUnknownError) as error:
        nav.create(draft())
    assert error.value.code == "lock_conflict"
    nav.fail(Fault("before", FIND, status=500, body=LOCKED, times=3))
    assert nav.find() == []
    assert len(nav.slept) == 3


def test_a_time_out_told_as_a_fault_is_of_unknown_fate(nav: SoapNav) -> None:
    body = fault_answer("System.TimeoutException", "The operation has timed out.")
    nav.fail(Fault("after", CREATE, status=500, body=body))
    with pytest.raises(OutcomeUnknownError):
        nav.create(draft())
    assert len(nav.find()) == 1


# Reads


@pytest.mark.parametrize(
    "fault",
    [
        Fault("before", FIND, status=503, times=2),
        Fault("before", FIND, status=500, body="<html>down</html>", times=2),
        Fault("before", FIND, status=500, body="", times=2),
        Fault("reset_before", FIND, times=2),
        Fault("truncate", FIND, times=2),
        Fault("truncate", FIND, silent=True, times=2),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{len(fault.body)}-{fault.silent}",
)
def test_a_read_is_repeated_until_it_is_whole(nav: SoapNav, fault: Fault) -> None:
    created = nav.create(draft())
    nav.fail(fault)
    assert nav.find() == [created]
    assert len(nav.slept) == 2


def test_a_look_up_that_fails_is_never_nothing_found(nav: SoapNav) -> None:
    nav.fail(Fault("before", FIND, status=503, times=ALWAYS))
    with pytest.raises(OutageError):
        nav.find()


def test_a_look_up_that_meets_locked_records_all_the_time_is_for_later(nav: SoapNav) -> None:
    nav.fail(Fault("before", FIND, status=500, body=LOCKED, times=ALWAYS))
    with pytest.raises(RetryLaterError):
        nav.find()


@pytest.mark.parametrize(
    "body",
    [
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><Nothing/></s:Body></s:Envelope>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        f'<!DOCTYPE x SYSTEM "file:///etc/passwd"><s:Envelope xmlns:s="{ENVELOPE}"/>',
    ],
    ids=["something else", "entities", "document type"],
)
def test_an_answer_that_is_none_of_this_service_stops_the_run(nav: SoapNav, body: str) -> None:
    nav.fail(Fault("before", FIND, status=200, body=body, times=ALWAYS))
    with pytest.raises(StopRunError):
        nav.find()


def test_a_partly_missing_amount_is_never_zero(nav: SoapNav) -> None:
    created = nav.create(draft())
    handler = nav.server._handler

    def garbled(request: Request) -> Response:
        answer = handler(request)
        answer.body = answer.body.replace(b"<Line_Amount>100.1", b"<Line_Amount>100,1")
        return answer

    nav.server._handler = garbled
    with pytest.raises(ProtocolError) as error:
        nav.client.read(nav.company, created)
    assert error.value.code == "answer_garbled"


@pytest.mark.parametrize("step", [CREATE, POST])
def test_a_garbled_answer_to_a_write_is_of_unknown_fate(nav: SoapNav, step: str) -> None:
    created = nav.create(draft(key="E1-R")) if step == POST else None
    body = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><Nothing/></s:Body></s:Envelope>'
    nav.fail(Fault("after", step, status=200, body=body))
    with pytest.raises(OutcomeUnknownError):
        nav.post(created) if created else nav.create(draft(key="E1-R"))
    assert len(nav.find("E1-R")) == 1


# The administrator


def test_a_page_that_is_not_published_is_named_with_what_to_do(nav: SoapNav) -> None:
    nav.unpublish("Page", "Vendor_List")
    nav.unpublish("Page", "Vendor_Card")
    with pytest.raises(ConfigurationError) as error:
        nav.other_client().read_master_data(nav.company)
    assert error.value.code == "service_not_published"
    assert error.value.value == "vendors"
    assert "page 27 Vendor List" in str(error.value.hint)


def test_another_page_under_the_name_is_noticed() -> None:
    with soap_nav() as nav:
        nav.nav_books.services.publish("Page", "Vendor_List", 118)
        with pytest.raises(ConfigurationError) as error:
            nav.client.read_master_data(nav.company)
    assert error.value.code == "service_lacks_field"
    assert "Blocked" in error.value.message


def test_a_list_page_instead_of_the_card_is_noticed() -> None:
    with soap_nav() as nav:
        nav.nav_books.services.publish("Page", "Purchase_Invoice", 9308)
        with pytest.raises(ConfigurationError) as error:
            nav.client.read_master_data(nav.company)
    assert error.value.code == "service_lacks_field"
    assert "Create" in error.value.message


def test_services_that_are_switched_off() -> None:
    with soap_nav() as nav:
        nav.nav_books.services.disable("soap")
        with pytest.raises(ConfigurationError) as error:
            nav.client.read_master_data(nav.company)
    assert error.value.code == "soap_services_off"


def test_a_wrong_key_is_said_and_not_tried_again() -> None:
    with soap_nav() as nav:
        slept: list[float] = []
        client = connect(nav.server, slept, password="wrong")
        with pytest.raises(CredentialsError) as error:
            client.resolve_company("CRONUS Test")
    assert "wrong" not in str(vars(error.value))
    assert slept == []


def test_an_address_that_is_no_nav() -> None:
    with soap_nav() as nav:
        nav.fail(
            Fault(
                "before",
                "SystemService",
                status=200,
                headers={"Content-Type": "text/html"},
                body="<html><body>It works!</body></html>",
            )
        )
        with pytest.raises(ProtocolError) as error:
            connect(nav.server, []).resolve_company("CRONUS Test")
    assert error.value.code == "not_an_api"


@pytest.mark.parametrize(
    "quirks", [SoapQuirks(unknown_company="fault"), SoapQuirks(unknown_company="http_404")]
)
def test_a_company_that_vanished(quirks: SoapQuirks) -> None:
    with soap_nav(NavQuirks(soap=quirks)) as nav:
        nav.nav_books.companies.pop(
            next(key for key, c in nav.nav_books.companies.items() if c.name == "CRONUS Test")
        )
        with pytest.raises(ConfigurationError):
            nav.client.read_master_data(nav.company)


def test_a_tenant_is_named_in_every_request() -> None:
    with soap_nav(NavQuirks(soap=SoapQuirks(tenant="northwind")), nav_tenant="northwind") as nav:
        nav.post(nav.create(draft()))
        nav.post(nav.create(draft(JOURNAL, key="E1-C")))
        assert nav.ledger()
        with pytest.raises(ConfigurationError):
            connect(nav.server, [], nav_tenant="other").resolve_company("CRONUS Test")


def test_answers_stay_below_what_old_servers_send() -> None:
    with soap_nav(NavQuirks(soap=SoapQuirks(maximum_message_bytes=512 * 1024))) as nav:
        nav.client.read_master_data(nav.company)
        nav.post(nav.create(draft()))


def test_descriptions_of_services_are_read_once(nav: SoapNav) -> None:
    nav.post(nav.create(draft()))
    nav.find()
    assert [logged for logged in nav.server.requests_log if logged.method == "GET"] == []


def test_without_zeep_the_dialect_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("zeep") or ".nav.soap" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "zeep", None)
    with pytest.raises(ConfigurationError) as error:
        build_client(
            {
                "dialect": "soap",
                "base_url": "https://nav.example:7047/DynamicsNAV110",
                "auth_method": "basic",
                "username": CREDENTIALS.username,
                "password": CREDENTIALS.password,
            }
        )
    assert error.value.code == "extra_not_installed"
    assert "target-dynamics-nav[soap]" in str(error.value.hint)

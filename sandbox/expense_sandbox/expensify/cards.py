"""Company cards: the list of a domain's cards, and the model of reconciliation templates.

Both follow from the card expenses of the world's reports. In this model spend is negative, ids are numbers, and the
number of an expense's report is 0 where it is on none and below 0 where it was deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.expensify.answers import JobRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Report = Mapping[str, Any]

_VALIDATION_ERROR: Final = 410
_FIRST_CARD: Final = 5312342
_DAYS_TO_POST: Final = 2
_TURNED: Final = ("amount", "convertedAmount", "taxAmount")


@dataclass(frozen=True)
class Reconciliation:
    """What a reconciliation job asks for.

    Attributes:
        domain: E-mail domain of the cards.
        start: First day of posting.
        end: Last day of posting.
        only_unreported: Whether expenses on a report are left out.
    """

    domain: str
    start: date
    end: date
    only_unreported: bool


def read_reconciliation(settings: Mapping[str, Any], domains: frozenset[str]) -> Reconciliation:
    """Validate the `inputSettings` of a reconciliation job.

    Args:
        settings: As sent.
        domains: The domains the credentials administer.

    Raises:
        JobRefusedError: 410, when something is missing or malformed.
    """
    if settings.get("type") not in ("Unreported", "All"):
        raise JobRefusedError(_VALIDATION_ERROR, "Argument 'type' is missing or malformed")
    if settings.get("async") is not False:
        raise JobRefusedError(_VALIDATION_ERROR, "Argument 'async' is missing or malformed")
    return Reconciliation(
        domain=checked_domain(settings, domains),
        start=_date(settings, "startDate"),
        end=_date(settings, "endDate"),
        only_unreported=settings["type"] == "Unreported",
    )


def checked_domain(settings: Mapping[str, Any], domains: frozenset[str]) -> str:
    """The domain asked for.

    Raises:
        JobRefusedError: 410, when it is missing or not one of `domains`.
    """
    domain = settings.get("domain")
    if not isinstance(domain, str) or domain not in domains:
        raise JobRefusedError(_VALIDATION_ERROR, "Domain name is missing or malformed")
    return domain


def domains_of(reports: Iterable[Report]) -> frozenset[str]:
    """The e-mail domains of everybody who has reports."""
    return frozenset(report["accountEmail"].partition("@")[2] for report in reports)


def domain_cards(reports: Iterable[Report], domain: str) -> list[dict[str, Any]]:
    """The items of `domainCardList`: a card for everybody with card expenses."""
    holders = sorted(
        {
            (report["accountEmail"], report["submitter"]["fullName"])
            for report in reports
            if report["accountEmail"].endswith(f"@{domain}")
            and any(_is_on_card(expense) for expense in report["transactionList"])
        }
    )
    return [
        {
            "bank": "commercialfeed.visa.cdf",
            "cardID": _FIRST_CARD + number,
            "cardName": f"{name} - {1000 + number}",
            "cardNumber": f"4444XXXXXXXX{1000 + number}",
            "created": "2024-01-01 12:34:56",
            "email": email,
            "externalEmployeeID": "",
            "lastImport": "2026-06-30 23:45:01",
            "lastImportResult": 200,
            "reimbursable": False,
            "scrapeMinDate": "",
        }
        for number, (email, name) in enumerate(holders)
    ]


def reconciliation_model(reports: Iterable[Report], asked: Reconciliation) -> list[dict[str, Any]]:
    """The `cards` of a reconciliation template: pairs of a card and its reports.

    Args:
        reports: Reports of the world.
        asked: What to select.
    """
    reports = list(reports)
    pairs = []
    for item in domain_cards(reports, asked.domain):
        theirs = [report for report in reports if report["accountEmail"] == item["email"]]
        shown = [
            _report(report, _posted_in(item, report, asked))
            for report in theirs
            if not asked.only_unreported
        ]
        loose = [expense for expense in _unreported(item, theirs) if _in_range(expense, asked)]
        if asked.only_unreported:
            loose = [expense for expense in loose if expense["reportID"] == 0]
        shown.append({"ID": 0, "base62ID": "", "name": "", "transactionList": loose})
        card = {
            "bank": item["bank"],
            "ID": item["cardID"],
            "name": item["cardName"],
            "owner": item["email"],
        }
        pairs.append({"card": card, "reports": [one for one in shown if one["transactionList"]]})
    return pairs


def _report(report: Report, expenses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "ID": int(report["oldReportID"]),
        "base62ID": report["reportID"],
        "name": report["reportName"],
        "policyID": report["policyID"],
        "currency": report["currency"],
        "status": report["status"],
        "total": -report["total"],
        "transactionList": expenses,
    }


def _posted_in(card: Report, report: Report, asked: Reconciliation) -> list[dict[str, Any]]:
    expenses = [
        _expense(card, expense, int(report["oldReportID"]), report["reportID"])
        for expense in report["transactionList"]
        if _is_on_card(expense)
    ]
    return [expense for expense in expenses if _in_range(expense, asked)]


def _unreported(card: Report, reports: list[Report]) -> list[dict[str, Any]]:
    """Two more transactions a card: one on no report yet, one deleted."""
    newest = max(
        (
            expense
            for report in reports
            for expense in report["transactionList"]
            if _is_on_card(expense)
        ),
        key=lambda expense: (expense["created"], expense["transactionID"]),
    )
    return [
        _expense(card, newest, 0, "") | {"ID": f"{newest['transactionID']}1"},
        _expense(card, newest, -1, "") | {"ID": f"{newest['transactionID']}2"},
    ]


def _expense(card: Report, expense: Report, report_number: int, report_id: str) -> dict[str, Any]:
    posted = date.fromisoformat(expense["created"]) + timedelta(days=_DAYS_TO_POST)
    return {
        **{
            name: expense[name]
            for name in ("created", "currency", "merchant", "category", "tag", "comment")
        },
        # What was never edited is 0 here, and absent where there is nothing at all.
        "modifiedAmount": -int(expense["modifiedAmount"] or 0),
        **{name: -int(expense[name]) for name in _TURNED if expense.get(name) not in (None, "")},
        "ID": expense["transactionID"],
        "cardID": card["cardID"],
        "bank": card["bank"],
        "maskedPAN": card["cardNumber"],
        "posted": posted.isoformat(),
        "originalAmount": -int(expense["amount"]),
        "originalCurrency": expense["currency"],
        "originalMerchant": expense["merchant"],
        "modifiedMerchant": expense["modifiedMerchant"],
        "billable": expense["billable"],
        "reimbursable": expense["reimbursable"],
        "reportID": report_number,
        "base62ReportID": report_id,
    }


def _is_on_card(expense: Report) -> bool:
    return bool(expense.get("bank"))


def _in_range(expense: Report, asked: Reconciliation) -> bool:
    posted = date.fromisoformat(expense["posted"])
    return asked.start <= posted <= asked.end


def _date(settings: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(settings.get(name)))
    except ValueError as error:
        raise JobRefusedError(
            _VALIDATION_ERROR,
            f"Malformed date '{settings.get(name)}'. Expected format is yyyy-MM-dd",
        ) from error

"""Captions of options in the server's language: OData V4 shows and takes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.pages.model import Control

BLANK = " "
"""How the blank option is written: one space."""
_GERMAN: Mapping[str, str] = {
    "Invoice": "Rechnung",
    "Credit Memo": "Gutschrift",
    "Payment": "Zahlung",
    "Finance Charge Memo": "Zinsrechnung",
    "Reminder": "Mahnung",
    "Refund": "Erstattung",
    "Quote": "Anfrage",
    "Order": "Bestellung",
    "Blanket Order": "Rahmenbestellung",
    "Return Order": "Reklamation",
    "Open": "Offen",
    "Released": "Freigegeben",
    "G/L Account": "Sachkonto",
    "Customer": "Debitor",
    "Vendor": "Kreditor",
    "Bank Account": "Bankkonto",
    "Fixed Asset": "Anlage",
    "IC Partner": "IC-Partner",
    "Employee": "Mitarbeiter",
    "Item": "Artikel",
    "Charge (Item)": "Zu-/Abschlag (Artikel)",
    "Posting": "Konto",
    "Heading": "Überschrift",
    "Total": "Summe",
    "Begin-Total": "Von-Summe",
    "End-Total": "Bis-Summe",
    "All": "Alle",
    "Code Mandatory": "Code notwendig",
    "Same Code": "Gleicher Code",
    "No Code": "Kein Code",
    "Income Statement": "GuV",
    "Balance Sheet": "Bilanz",
    "Purchase": "Einkauf",
    "Sale": "Verkauf",
}
_LANGUAGES: Mapping[str, Mapping[str, str]] = {"en-US": {}, "de-DE": _GERMAN}


def shown(caption: str, language: str) -> str:
    """An option as a client sees it, given its English caption ("" is the blank one)."""
    return _LANGUAGES[language].get(caption, caption) or BLANK


def meant(control: Control, text: str, language: str) -> str:
    """The English caption of the caption a client wrote, in any case.

    Raises:
        NavError: When the control has no such option.
    """
    wanted = text.strip().casefold()
    for option in control.options:
        if shown(option, language).strip().casefold() == wanted:
            return option
    options = ",".join(shown(option, language) for option in control.options)
    raise NavError("Unknown", f"'{text}' is not an option. The existing options are: {options}")

"""What NAV says, in German: for clients that would read its English texts to decide what to do.

Only the refusals that matter most are here, and near enough to how a German server words them:
what counts is that no English is left. Anything else stays in English.
"""

from __future__ import annotations

import re
from typing import Final

_TABLES: Final = {
    "G/L Account": "Sachkonto",
    "Vendor": "Kreditor",
    "Purchase Header": "Einkaufskopf",
    "Purchase Line": "Einkaufszeile",
    "Gen. Journal Line": "Fibu Buch.-Blattzeile",
    "Gen. Journal Batch": "Fibu Buch.-Blattname",
    "Dimension Value": "Dimensionswert",
    "Invoice": "Rechnung",
    "Credit Memo": "Gutschrift",
    "Blocked": "Gesperrt",
    "Account Type": "Kontoart",
    "Direct Posting": "Direkt",
    "Yes": "Ja",
    "No": "Nein",
}
_GERMAN: Final = tuple(
    (re.compile(pattern, re.DOTALL), text)
    for pattern, text in (
        (
            r"Purchase (.+?) (\S+) already exists for this vendor\.",
            "Einkauf {1} {2} ist für diesen Kreditor bereits vorhanden.",
        ),
        (
            r"Posting Date is not within your range of allowed posting dates(.*)",
            "Buchungsdatum liegt nicht innerhalb der zugelassenen Buchungsperioden{1}",
        ),
        (
            r"The (.+?) does not exist\. Identification fields and values: (.+)",
            "{1} ist nicht vorhanden. Identifizierte Felder und Werte: {2}",
        ),
        (
            r"The (.+?) already exists\. Identification fields and values: (.+)",
            "{1} ist bereits vorhanden. Identifizierte Felder und Werte: {2}",
        ),
        (
            (
                r"The field (.+?) of table (.+?) contains a value \((.*?)\) that cannot be found in "
                r"the related table \((.+?)\)\."
            ),
            (
                "Feld {1} in Tabelle {2} enthält einen Wert ({3}), der nicht in der verknüpften "
                "Tabelle ({4}) gefunden werden kann."
            ),
        ),
        (
            r"(.+?) must be equal to '(.*?)'  in (.+?): (.+?)\. Current value is '(.*?)'\.",
            "{1} muss '{2}' sein in {3}: {4}. Aktueller Wert ist '{5}'.",
        ),
        (
            r"(.+?) must have a value in (.+?): (.+?)\. It cannot be zero or empty\.",
            "{1} muss einen Wert in {2} enthalten: {3}. Es darf nicht null oder leer sein.",
        ),
        (
            r"Dimension Value (\S+) - (\S+) is blocked\.",
            "Dimensionswert {1} - {2} ist gesperrt.",
        ),
        (r"There is nothing to post.*", "Es gibt nichts zu buchen."),
        (
            r"Microsoft Dynamics NAV Server attempted to issue a client callback.*",
            (
                "Microsoft Dynamics NAV Server hat versucht, einen Clientrückruf zum Anzeigen eines "
                "Bestätigungsdialogfelds auszugeben."
            ),
        ),
        (r"Other user has modified (.+)", "Ein anderer Benutzer hat {1} geändert."),
        (
            r"Another user has already changed the record\.",
            "Ein anderer Benutzer hat den Datensatz bereits geändert.",
        ),
    )
)


def translated(message: str, language: str) -> str:
    """A message in the server's language, as far as it has been translated."""
    if language != "de-DE":
        return message
    for pattern, text in _GERMAN:
        match = pattern.fullmatch(message)
        if match is not None:
            words = (_TABLES.get(group, group) for group in match.groups())
            return re.sub(r"\bNo\.(?==)", "Nr.", text.format("", *words))
    return message

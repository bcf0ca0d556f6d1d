"""What differs between NAV servers' pages, or nobody knows for sure: switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PageQuirks:
    """How pages behave as web services; the defaults are the likeliest behaviour of NAV 2018.

    Attributes:
        shortcut_dimension_names: `ShortcutDimCode_x005B_3_x005D_` (`array`) as in NAV and early
            Business Central, or `ShortcutDimCode3` (`numbered`).
        description_length: Longest line description: 50 in NAV, 100 since Business Central 15.
        chart_of_accounts_shows_blocked: Whether page 16 has a control for `Blocked`.
        complete_account_numbers: A purchase line's account that can't be used is replaced by one
            that starts with what was typed, or by one whose name does.
        complete_dimension_values: An unknown dimension value is replaced by the first one that
            starts with what was typed.
        global_dimension_check: Whether an unknown value of a global dimension meets the table's
            relation first (`relation`) or the completion (`completion`).
        line_editability: When a purchase line's quantity and cost can be written: as soon as its
            type says it is no comment (`after_type`), or only once the line is there
            (`after_insert`), or always (`always`).
        posting_date_sets_document_date: Writing the posting date overwrites the document date, as
            the trigger of table 38 does for documents that are no incoming ones.
        general_journal_templates: Templates that open page 39; with several, the page asks which.
        rename_emptied_batches: A batch whose name holds a number is counted up when posted.
        document_balance: Journals must balance by document number, not only by date.
        shared_number_series: Drafts and posted documents are numbered by one series, so that
            every deletion of a draft leaves a gap somebody has to agree to.
        posting_routine: Whose codeunit 90 the posting codeunit runs: NAV 2018's, which checks
            dimensions before it takes a number, or Business Central's.
        number_series_allow_manual: Whether documents may bring a number of their own.
    """

    shortcut_dimension_names: Literal["array", "numbered"] = "array"
    description_length: int = 50
    chart_of_accounts_shows_blocked: bool = False
    complete_account_numbers: bool = True
    complete_dimension_values: bool = True
    global_dimension_check: Literal["relation", "completion"] = "completion"
    line_editability: Literal["after_type", "after_insert", "always"] = "after_type"
    posting_date_sets_document_date: bool = True
    general_journal_templates: tuple[str, ...] = ("GENERAL",)
    rename_emptied_batches: bool = True
    document_balance: bool = True
    shared_number_series: bool = False
    posting_routine: Literal["nav_2018", "business_central"] = "nav_2018"
    number_series_allow_manual: bool = False

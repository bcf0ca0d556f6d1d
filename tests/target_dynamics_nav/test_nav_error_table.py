"""NAV's words → our codes: the catalogue of refusals, and what stops a run, waits or looks again."""

from __future__ import annotations

import pytest

from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    ProtocolError,
    TargetError,
)
from target_dynamics_nav.nav.error_table import (
    NavProblem,
    classify,
    clean,
    is_lock_conflict,
    is_transient,
    problem,
)

DIALOG = "Application_DialogException"
FIELD = "Application_FieldValidationException"

REFUSALS = [
    ("account_missing", DIALOG, "Account does not exist.", None),
    ("account_missing", DIALOG, 'The "accountNumber" does not match to an Account.', None),
    (
        "account_blocked",
        FIELD,
        "Blocked must be equal to 'No'  in G/L Account: No.=8320. Current value is 'Yes'.",
        "8320",
    ),
    (
        "account_not_direct_posting",
        FIELD,
        "Direct Posting must be equal to 'Yes'  in G/L Account: No.=5410. Current value is 'No'.",
        "5410",
    ),
    (
        "account_not_posting_type",
        FIELD,
        (
            "Account Type must be equal to 'Posting'  in G/L Account: No.=8000. Current value is "
            "'Heading'."
        ),
        "8000",
    ),
    ("vendor_missing", DIALOG, "The vendor cannot be found.", None),
    ("vendor_missing", DIALOG, "The buy-from vendor cannot be found.", None),
    (
        "vendor_missing",
        "Internal_InvalidTableRelation",
        (
            "The field Account No. of table Gen. Journal Line contains a value (ABL001) that cannot be "
            "found in the related table (Vendor)."
        ),
        "ABL001",
    ),
    (
        "vendor_blocked",
        DIALOG,
        "You cannot create this type of document when Vendor E1001 is blocked with type All",
        "E1001",
    ),
    (
        "vendor_blocked",
        DIALOG,
        "You cannot post this type of document when Vendor E1001 is blocked for privacy.",
        "E1001",
    ),
    ("currency_unknown", DIALOG, 'The "currencyCode" does not match to a Currency.', None),
    (
        "exchange_rate_missing",
        "Internal_DataNotFoundFilter",
        (
            "There is no Currency Exchange Rate within the filter. Filters: Currency Code: USD, "
            "Starting Date: ..01/31/26"
        ),
        None,
    ),
    ("dimension_unknown", DIALOG, 'The "code" does not match to a Dimension.', None),
    (
        "dimension_value_unknown",
        DIALOG,
        'The "valueCode" does not match to a Dimension Value.',
        None,
    ),
    ("dimension_value_unknown", DIALOG, "Dimension Value PROJECT - P-1 is missing.", "P-1"),
    ("dimension_value_blocked", DIALOG, "Dimension Value PROJECT - P-090 is blocked.", "P-090"),
    (
        "dimension_value_blocked",
        DIALOG,
        (
            "A dimension used in Gen. Journal Line GENERAL, BATCH, 10000 has caused an error. "
            "Dimension Value PROJECT - P-090 is blocked."
        ),
        "P-090",
    ),
    (
        "dimension_value_type",
        DIALOG,
        "Dimension Value Type for Dimension Value AREA - TOTAL must not be Heading.",
        "TOTAL",
    ),
    ("dimension_blocked", DIALOG, "Dimension PROJECT is blocked.", "PROJECT"),
    (
        "dimension_combination_blocked",
        DIALOG,
        "The combination of dimensions used in Invoice 1001, line no. 10000 is blocked.",
        None,
    ),
    (
        "dimension_combination_blocked",
        DIALOG,
        "Dimensions AREA and PROJECT can't be used concurrently.",
        None,
    ),
    (
        "dimension_mandatory",
        DIALOG,
        "Select a Dimension Value Code for the Dimension Code DEPARTMENT for G/L Account 8450.",
        "DEPARTMENT",
    ),
    (
        "dimension_mandatory",
        DIALOG,
        (
            "The DEPARTMENT dimension is the default dimension, and it must have a value. You can set "
            "the value on the Default Dimensions page."
        ),
        "DEPARTMENT",
    ),
    (
        "dimension_same_code",
        DIALOG,
        (
            "The Dimension Value Code must be EU for Dimension Code AREA for Vendor 10000. Currently "
            "it's US."
        ),
        "AREA",
    ),
    (
        "dimension_same_code",
        DIALOG,
        "The Dimension Code AREA with Dimension Value Code EU is required for Vendor 10000.",
        "AREA",
    ),
    (
        "dimension_must_be_blank",
        DIALOG,
        (
            "The Dimension Value Code must be blank for Dimension Code AREA for Vendor 10000. Currently "
            "it's US."
        ),
        "AREA",
    ),
    (
        "dimension_value_not_allowed",
        DIALOG,
        "Dimension value AREA, US is not allowed for G/L Account, 8450.",
        "US",
    ),
    (
        "posting_date_outside_window",
        DIALOG,
        "Posting Date is not within your range of allowed posting dates.",
        None,
    ),
    (
        "posting_date_outside_window",
        FIELD,
        (
            "Posting Date is not within your range of allowed posting dates in Gen. Journal Line "
            "Journal Template Name='GENERAL',Journal Batch Name='B',Line No.='10000'."
        ),
        None,
    ),
    ("duplicate_document", DIALOG, "Purchase Invoice E1-R already exists for this vendor.", "E1-R"),
    (
        "duplicate_document",
        DIALOG,
        "Purchase Credit Memo E1-R already exists for this vendor.",
        "E1-R",
    ),
    ("document_number_used", DIALOG, "Purchase Invoice 108042 already exists.", "108042"),
    ("already_posted", DIALOG, "The action can be applied to a draft invoice only.", None),
    (
        "already_posted",
        DIALOG,
        "The invoice has been posted and can no longer be modified.",
        None,
    ),
    (
        "nothing_to_post",
        DIALOG,
        "There is nothing to post because the document does not contain a quantity or amount.",
        None,
    ),
    ("nothing_to_post", DIALOG, "Please add at least one line item to the credit memo.", None),
    ("negative_total", DIALOG, "Amount must be negative in Gen. Journal Line: Line No.=0.", None),
    (
        "posting_setup_missing",
        FIELD,
        (
            "Gen. Prod. Posting Group must have a value in Purchase Line: Document Type=Invoice, "
            "Document No.=107211, Line No.=10000. It cannot be zero or empty."
        ),
        None,
    ),
    (
        "posting_setup_missing",
        "Internal_RecordNotFound",
        (
            "The VAT Posting Setup does not exist. Identification fields and values: VAT Bus. Posting "
            "Group='EU',VAT Prod. Posting Group='X'"
        ),
        None,
    ),
    (
        "approval_needed",
        DIALOG,
        "Purchase Invoice 107211 must be approved and released before you can perform this action.",
        None,
    ),
    (
        "text_too_long",
        "Application_StringExceededLength",
        (
            "The length of the string is 57, but it must be less than or equal to 50 characters. "
            "Value: x"
        ),
        "57",
    ),
    (
        "journal_out_of_balance",
        DIALOG,
        (
            "Document No. R00123 is out of balance by 1,638.40. Please check that Posting Date, "
            "Document Type, Document No. and Amount are correct for each line."
        ),
        "1,638.40",
    ),
    (
        "journal_out_of_balance",
        DIALOG,
        (
            "The lines in 01/31/26 are out of balance by 10.00. Check that Posting Date and Amount are "
            "correct for each line."
        ),
        "10.00",
    ),
    ("number_series", FIELD, "Starting No. must have a value in No. Series Line: Series=X.", None),
    (
        "extension_dialog",
        "Application_CallbackNotAllowed",
        (
            "Microsoft Dynamics NAV Server attempted to issue a client callback to show a confirmation "
            "dialog box."
        ),
        None,
    ),
    ("nav_refused", DIALOG, "La factura de compra 586265 ya existe para este proveedor.", None),
    ("nav_refused", "Unknown", "'X' is not an option.", None),
]


@pytest.mark.parametrize(("code", "nav_code", "text", "value"), REFUSALS)
def test_refusals_of_documents(code: str, nav_code: str, text: str, value: str | None) -> None:
    error = classify(NavProblem(400, nav_code, clean(text)))
    assert type(error) is DocumentRefusedError
    assert error.code == code
    assert error.value == value
    assert error.nav_message == clean(text)
    assert "{" not in error.message
    assert error.message.endswith((".", text[-1]))
    assert error.hint


def test_a_refusal_names_what_it_is_about() -> None:
    text = "Dimension Value PROJECT - P-090 is blocked."
    error = classify(NavProblem(400, DIALOG, text))
    assert error.message == "Value P-090 of dimension PROJECT is blocked in NAV."
    assert error.field == "dimensions"


@pytest.mark.parametrize(
    ("status", "nav_code", "text", "error", "code"),
    [
        (401, "Unauthorized", "", CredentialsError, "nav_rejected_credentials"),
        (403, "", "", CredentialsError, "nav_permissions_missing"),
        (
            400,
            "Application_Whatever",
            (
                "Sorry, the current permissions prevented the action. (TableData 38 Purchase Header "
                "Insert: Base Application)"
            ),
            CredentialsError,
            "nav_permissions_missing",
        ),
        (
            400,
            DIALOG,
            "You do not have permissions to read Purchase Invoices.",
            CredentialsError,
            "nav_permissions_missing",
        ),
        (404, "Internal_CompanyNotFound", "", ConfigurationError, "company_unknown"),
        (400, "Internal_CompanyNotFound", "", ConfigurationError, "company_unknown"),
        (404, "", "", ConfigurationError, "nav_address_not_found"),
        (405, "", "", ConfigurationError, "api_services_off"),
        (405, "BadRequest_MethodNotAllowed", "", ProtocolError, "nav_request_not_understood"),
        (
            400,
            DIALOG,
            "You must run the data upgrade for this API page before using it. You can …",
            ConfigurationError,
            "data_upgrade_needed",
        ),
        (409, "Request_EntityChanged", "", DraftChangedError, "draft_changed"),
        (412, "", "", DraftChangedError, "draft_changed"),
        (400, "Internal_EntityWithSameKeyExists", "", OutcomeUnknownError, "same_key_exists"),
        (409, "Internal_EntityWithSameKeyExists", "", OutcomeUnknownError, "same_key_exists"),
        (409, "Whatever", "", OutcomeUnknownError, "conflict"),
        (500, "Internal_ServerError", "", OutcomeUnknownError, "outcome_unknown"),
        (
            400,
            "BadRequest",
            "Control 'x' is read-only.",
            ProtocolError,
            "nav_request_not_understood",
        ),
        (400, "BadRequest_InvalidToken", "", ProtocolError, "nav_request_not_understood"),
        (400, "", "", ProtocolError, "nav_request_not_understood"),
        (415, "", "", ProtocolError, "nav_request_not_understood"),
        (413, "", "", DocumentRefusedError, "document_too_large"),
        (
            400,
            "Internal_DataNotFoundFilter",
            "There is no Purch. Inv. Header within the filter.",
            DocumentRefusedError,
            "record_not_found",
        ),
    ],
)
def test_everything_else(
    status: int, nav_code: str, text: str, error: type[TargetError], code: str
) -> None:
    found = classify(NavProblem(status, nav_code, text))
    assert type(found) is error
    assert found.code == code
    assert found.hint


@pytest.mark.parametrize(
    "text",
    [
        "The activity was deadlocked with another user who was modifying the X table.",
        (
            "The operation could not complete because a record in the X table was locked by another "
            "user. Please retry the activity."
        ),
        "Something. Please try again later.",
    ],
)
def test_lock_conflicts_are_told_by_their_words(text: str) -> None:
    for status in (400, 409, 500):
        found = NavProblem(status, DIALOG, text)
        assert is_lock_conflict(found)
        assert is_transient(found)
        assert isinstance(classify(found), OutcomeUnknownError)
    assert not is_transient(NavProblem(400, DIALOG, "The vendor cannot be found."))


def test_answers_are_taken_apart_whatever_they_are() -> None:
    words = "The vendor cannot be found.  CorrelationId:  a69b4f67-2286-4bef-861a-e8cc8679f667."
    body = {"error": {"code": DIALOG, "message": words}}
    assert problem(400, body) == NavProblem(400, DIALOG, "The vendor cannot be found.")
    html = "<html><h1>Length\nRequired</h1></html>"
    assert problem(411, None, html) == NavProblem(411, "", "Length Required")
    assert problem(401, None) == NavProblem(401, "", "")
    assert problem(400, {"error": "x"}) == NavProblem(400, "", "")

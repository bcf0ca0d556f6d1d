"""How NAV says no."""

from __future__ import annotations


class NavError(Exception):
    """A refusal, as NAV words it.

    Attributes:
        code: NAV's error code, e.g. `Application_DialogException`.
        message: NAV's English text, without the correlation id.
        status: HTTP status NAV answers it with.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def dialog(message: str) -> NavError:
    """A refusal by business logic."""
    return NavError("Application_DialogException", message)


def field_validation(message: str) -> NavError:
    """A refusal of a field's value."""
    return NavError("Application_FieldValidationException", message)


def must_be(field: str, wanted: str, record: str, current: str) -> NavError:
    """The refusal of a record whose field does not have the value needed."""
    # Two blanks before "in": NAV leaves a gap where another language has a word.
    return field_validation(
        f"{field} must be equal to '{wanted}'  in {record}. Current value is '{current}'."
    )


def must_have_value(field: str, record: str) -> NavError:
    """The refusal of a record with an empty field."""
    return field_validation(f"{field} must have a value in {record}. It cannot be zero or empty.")


def not_in_table(field: str, table: str, value: str, related: str) -> NavError:
    """The refusal of a value that names no record of the related table."""
    return NavError(
        "Internal_InvalidTableRelation",
        f"The field {field} of table {table} contains a value ({value}) that cannot be found "
        f"in the related table ({related}).",
    )

"""How NAV says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class NavError(Exception):
    """A refusal, as NAV words it.

    Attributes:
        code: NAV's error code, e.g. `Application_DialogException`.
        message: NAV's English text, without the correlation id.
        status: HTTP status NAV answers it with.
        headers: What the answer says beside it, such as Retry-After.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


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


def record_not_found(table: str, identification: str) -> NavError:
    """The refusal of a key that no record has; the identification reads `No.='1001'`."""
    return NavError(
        "Internal_RecordNotFound",
        f"The {table} does not exist. Identification fields and values: {identification}",
    )


def read_only(control: str) -> NavError:
    """The refusal to write what a page does not let be edited."""
    return NavError("BadRequest_InvalidOperation", f"Control '{control}' is read-only.")


def too_long(value: str, length: int) -> NavError:
    """The refusal of a text longer than its field."""
    return NavError(
        "Application_StringExceededLength",
        f"The length of the string is {len(value)}, but it must be less than or equal to {length} "
        f"characters. Value: {value}",
    )


def cannot_evaluate(value: str, type_name: str) -> NavError:
    """The refusal of a text that is no value of the type."""
    return NavError(
        "Application_EvaluateException",
        f'The value "{value}" can\'t be evaluated into type {type_name}.',
    )


def callback() -> NavError:
    """The refusal of what would ask a person: web services have nobody to ask."""
    return NavError(
        "Application_CallbackNotAllowed",
        "Microsoft Dynamics NAV Server attempted to issue a client callback to show a "
        "confirmation dialog box.",
    )

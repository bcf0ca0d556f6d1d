"""Vendors, employees and their default dimensions: the master data clients may write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.company import Company, new_id
from expense_sandbox.nav.documents import NO_ID
from expense_sandbox.nav.errors import dialog
from expense_sandbox.nav.journals import duplicate_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.store import Record

VENDOR_FIELDS = ("number", "name", "email", "blocked", "tax_liable")
EMPLOYEE_FIELDS = ("number", "given_name", "surname", "email", "status")


def create_vendor(
    company: Company, _parent: Record | None, fields: Mapping[str, Any]
) -> records.Vendor:
    """A new vendor; numbered by NAV when it brings no number.

    Raises:
        NavError: When the number is taken or a reference leads nowhere.
    """
    number = fields.get("number") or f"V{len(company.vendors) + 1:05d}"
    if company.vendors.first("number", number) is not None:
        raise duplicate_key(company, "Vendor", f"No.='{number}'")
    vendor = records.Vendor(id=new_id(), number=number, name="")
    return company.vendors.put(_vendor(company, vendor, {**fields, "number": number}))


def change_vendor(
    company: Company, vendor: records.Vendor, fields: Mapping[str, Any]
) -> records.Vendor:
    """The vendor with other fields.

    Raises:
        NavError: When a reference leads nowhere.
    """
    return company.vendors.put(_vendor(company, vendor, fields))


def _vendor(company: Company, vendor: records.Vendor, fields: Mapping[str, Any]) -> records.Vendor:
    plain: dict[str, Any] = {name: fields[name] for name in VENDOR_FIELDS if name in fields}
    code = fields.get("currency_code")
    if code is not None:
        if code == company.setup.local_currency_code:
            code = ""
        if code and company.currencies.first("code", code) is None:
            raise dialog('The "currencyCode" does not match to a Currency.')
        plain["currency_code"] = code
    terms_id = fields.get("payment_terms_id", NO_ID)
    if terms_id != NO_ID:
        terms = company.payment_terms.get(terms_id)
        if terms is None:
            raise dialog('The "paymentTermsId" does not match to a Payment Terms.')
        plain["payment_terms_code"] = terms.code
    return replace(vendor, **plain, texts={**vendor.texts, **fields.get("texts", {})})


def create_employee(
    company: Company, _parent: Record | None, fields: Mapping[str, Any]
) -> records.Employee:
    """A new employee.

    Raises:
        NavError: When the number is taken.
    """
    number = fields.get("number") or f"EMP{len(company.employees) + 1:05d}"
    if company.employees.first("number", number) is not None:
        raise duplicate_key(company, "Employee", f"No.='{number}'")
    employee = records.Employee(
        id=new_id(), number=number, given_name="", surname="", email="", status="Active"
    )
    return change_employee(company, employee, {**fields, "number": number})


def change_employee(
    company: Company, employee: records.Employee, fields: Mapping[str, Any]
) -> records.Employee:
    """The employee with other fields."""
    plain: dict[str, Any] = {name: fields[name] for name in EMPLOYEE_FIELDS if name in fields}
    texts = {**employee.texts, **fields.get("texts", {})}
    return company.employees.put(replace(employee, **plain, texts=texts))


def default_dimension_rows(
    company: Company, parent: Record | None
) -> list[records.DefaultDimension]:
    """Default dimensions of a vendor or employee.

    Raises:
        NavError: Without a parent.
    """
    if parent is None:
        raise dialog("You must get to the parent first to get to the default dimensions.")
    return company.defaults_of(*_key_of(parent))


def _key_of(parent: Record) -> tuple[str, str]:
    if isinstance(parent, records.Vendor):
        return "Vendor", parent.number
    if isinstance(parent, records.Employee):
        return "Employee", parent.number
    raise dialog('The "parenteId" does not match to any entity.')


def create_default_dimension(
    company: Company, parent: Record | None, fields: Mapping[str, Any]
) -> records.DefaultDimension:
    """One more default dimension; blocked ones are refused here, unlike on documents.

    Raises:
        NavError: As NAV refuses it.
    """
    parent = parent or company.vendors.get(fields.get("parent_id", ""))
    parent = parent or company.employees.get(fields.get("parent_id", ""))
    if parent is None:
        raise dialog('The "parenteId" does not match to any entity.')
    parent_type, number = _key_of(parent)
    dimension = company.dimensions.get(fields.get("dimension_id", ""))
    if dimension is None:
        raise dialog('The "dimensionId" does not match to a Dimension.')
    if dimension.blocked:
        raise dialog(f"Dimension {dimension.code} is blocked.")
    if any(
        row.dimension_code == dimension.code for row in company.defaults_of(parent_type, number)
    ):
        key = f"Table ID='23',No.='{number}',Dimension Code='{dimension.code}'"
        raise duplicate_key(company, "Default Dimension", key)
    default = records.DefaultDimension(
        id=new_id(),
        parent_type=parent_type,
        parent_number=number,
        dimension_code=dimension.code,
        value_code="",
        posting_rule="",
    )
    return change_default_dimension(company, default, fields)


def change_default_dimension(
    company: Company, default: records.DefaultDimension, fields: Mapping[str, Any]
) -> records.DefaultDimension:
    """A default dimension with another value or rule.

    Raises:
        NavError: As NAV refuses it.
    """
    value_code, rule = default.value_code, fields.get("posting_rule", default.posting_rule)
    value_id = fields.get("dimension_value_id", NO_ID)
    if value_id != NO_ID:
        value = company.dimension_values.get(value_id)
        if value is None:
            raise dialog('The "dimensionValueId" does not match to a Dimension Value.')
        if value.dimension_code != default.dimension_code:
            raise dialog(
                'The "dimensionId" and "dimensionValueId" match to different Dimension records.'
            )
        if value.blocked:
            raise dialog(f"Dimension Value {value.dimension_code} - {value.code} is blocked.")
        value_code = value.code
    return company.default_dimensions.put(
        replace(default, value_code=value_code, posting_rule=rule)
    )

"""`$filter`: parsed by odata-query, refused where NAV refuses, run over records."""

from __future__ import annotations

import operator
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from expense_sandbox.nav.edm import Kind, blank, decoded, encoded, member_of
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType, Property
    from expense_sandbox.nav.store import Record

    Predicate = Callable[[Company, Record], bool]

COMPARATORS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_ORDERED_BLANK = date(1, 1, 1)


class UnknownPropertyError(NavError):
    """The refusal of a name in a query option that the type does not have."""


def unknown_property(name: str, entity: EntityType) -> UnknownPropertyError:
    """The refusal of a name in a query option that the type does not have."""
    return UnknownPropertyError(
        "BadRequest",
        f"Could not find a property named '{name}' on type '{entity.full_name}'.",
    )


def _unsupported(what: str) -> NavError:
    return NavError("BadRequest", f"The filter expression is not supported: {what}.")


class Filter:
    """A `$filter` for one entity type.

    Args:
        text: The expression, percent-decoded.
        entity: The type it is about.
        allow_in: Whether `in` is understood (`$schemaversion=2.1`).
        enum_captions: Whether captions with special characters are understood.

    Raises:
        NavError: When NAV would refuse it.
    """

    def __init__(
        self,
        text: str,
        entity: EntityType,
        *,
        allow_in: bool = False,
        enum_captions: bool = True,
    ) -> None:
        self._entity = entity
        self._enum_captions = enum_captions
        self._allow_in = allow_in
        try:
            self._tree = ODataParser().parse(ODataLexer().tokenize(text.strip()))
        except ODataException as error:
            raise NavError("BadRequest", f"Syntax error in the filter: {error}.") from error
        if self._tree is None:
            raise NavError("BadRequest", "The filter is empty.")
        self._predicate = self._compile(self._tree)

    def __call__(self, company: Company, record: Record) -> bool:
        """Whether the record passes."""
        return self._predicate(company, record)

    def equal_values(self, name: str) -> list[Any] | None:
        """The values the filter allows for a property, if it names them; for index look-ups."""
        return self._equals(self._tree, name)

    def _equals(self, node: object, name: str) -> list[Any] | None:
        if isinstance(node, ast.Compare) and isinstance(node.comparator, ast.Eq):
            if isinstance(node.left, ast.Identifier) and node.left.name == name:
                return [self._value(self._entity.by_name[name], node.right)]
            return None
        if isinstance(node, ast.BoolOp):
            left, right = self._equals(node.left, name), self._equals(node.right, name)
            if isinstance(node.op, ast.And):
                return left if left is not None else right
            if left is not None and right is not None:
                return [*left, *right]
        return None

    def _compile(self, node: object) -> Predicate:
        if isinstance(node, ast.BoolOp):
            return self._compile_bool(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._compile(node.operand)
            return lambda company, record: not inner(company, record)
        if isinstance(node, ast.Compare):
            return self._compile_compare(node)
        if isinstance(node, ast.Call):
            return self._compile_call(node)
        if isinstance(node, ast.Identifier):
            item = self._property(node)
            if item.kind is Kind.BOOLEAN:
                return lambda company, record: bool(item.value_of(company, record))
        raise _unsupported(type(node).__name__)

    def _compile_bool(self, node: ast.BoolOp) -> Predicate:
        if isinstance(node.op, ast.Or) and len(_names(node)) > 1:
            raise NavError(
                "BadRequest",
                "The 'OR' operator is not supported on distinct fields on an OData filter.",
            )
        left, right = self._compile(node.left), self._compile(node.right)
        if isinstance(node.op, ast.And):
            return lambda company, record: left(company, record) and right(company, record)
        return lambda company, record: left(company, record) or right(company, record)

    def _compile_compare(self, node: ast.Compare) -> Predicate:
        if isinstance(node.left, ast.Call) and isinstance(node.right, ast.Boolean):
            inner = self._compile(node.left)
            wanted = node.right.py_val is isinstance(node.comparator, ast.Eq)
            return lambda company, record: inner(company, record) is wanted
        item = self._property(node.left)
        if isinstance(node.comparator, ast.In):
            if not self._allow_in or not isinstance(node.right, ast.List):
                raise _unsupported("in")
            values = [self._value(item, literal) for literal in node.right.val]
            return lambda company, record: _comparable(item.value_of(company, record)) in values
        compare = COMPARATORS.get(type(node.comparator))
        if compare is None:
            raise _unsupported(type(node.comparator).__name__)
        value = self._value(item, node.right)
        return lambda company, record: compare(_comparable(item.value_of(company, record)), value)

    def _compile_call(self, node: ast.Call) -> Predicate:
        function = FUNCTIONS.get(node.func.name)
        if function is None or len(node.args) != 2:  # noqa: PLR2004
            raise _unsupported(node.func.name)
        item = self._property(node.args[0])
        part = self._value(item, node.args[1])
        if not isinstance(part, str):
            raise _unsupported(f"{node.func.name} on {item.name}")
        return lambda company, record: function(str(item.value_of(company, record)), part)

    def _property(self, node: object) -> Property:
        if not isinstance(node, ast.Identifier):
            raise _unsupported(type(node).__name__)
        item = self._entity.by_name.get(node.name)
        if item is None:
            raise unknown_property(node.name, self._entity)
        return item

    def _value(self, item: Property, node: object) -> Any:  # noqa: ANN401 - any kind
        if isinstance(node, ast.Null):
            return _comparable(blank(item))
        readers: dict[Kind, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
            Kind.TEXT: ((ast.String,), lambda literal: literal.val),
            Kind.OPTION: ((ast.String,), lambda literal: literal.val),
            Kind.CODE: ((ast.String,), lambda literal: self._code(item, literal.val)),
            Kind.ENUM: ((ast.String,), lambda literal: self._member(item, literal.val)),
            Kind.GUID: ((ast.GUID,), lambda literal: str(uuid.UUID(literal.val))),
            Kind.DATE: ((ast.Date,), lambda literal: literal.py_val),
            Kind.DATETIME: ((ast.DateTime,), lambda literal: _utc(literal.py_val)),
            Kind.DECIMAL: ((ast.Integer, ast.Float), lambda literal: Decimal(literal.val)),
            Kind.INTEGER: ((ast.Integer,), lambda literal: literal.py_val),
            Kind.BOOLEAN: ((ast.Boolean,), lambda literal: literal.py_val),
        }
        types, read = readers[item.kind]
        if not isinstance(node, types):
            raise NavError(
                "BadRequest",
                "A binary operator with incompatible types was detected. The property "
                f"'{item.name}' is of type {item.kind.value}.",
            )
        value = read(node)
        return NO_ID_TO_BLANK.get(value, value) if item.kind is Kind.GUID else value

    def _member(self, item: Property, value: str) -> str:
        if not self._enum_captions and encoded(value) != value and decoded(value) == value:
            raise NavError("BadRequest", f"'{value}' is not a member of the enum {item.name}.")
        return member_of(item, value)

    def _code(self, item: Property, value: str) -> str:
        value = value.strip().upper()
        if item.length and len(value) > item.length:
            raise NavError(
                "Application_FilterErrorException",
                f"The filter \"='{value}'\" is not valid for the {item.name} field on the "
                f"{self._entity.name} table. The length of the string is {len(value)}, but it "
                f"must be less than or equal to {item.length} characters. Value: {value}",
            )
        return value


NO_ID_TO_BLANK = {"00000000-0000-0000-0000-000000000000": ""}


def _comparable(value: Any) -> Any:  # noqa: ANN401 - any kind
    if value is None:
        return _ORDERED_BLANK
    return value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value


def _names(node: object) -> set[str]:
    if isinstance(node, ast.Identifier):
        return {node.name}
    if isinstance(node, ast.BoolOp | ast.Compare):
        return _names(node.left) | _names(node.right)
    if isinstance(node, ast.UnaryOp):
        return _names(node.operand)
    if isinstance(node, ast.Call):
        return {name for argument in node.args for name in _names(argument)}
    return set()

"""NAV's own filter language: `10000..20000`, `A|B`, `<>0`, `@*text*`, `'A&B'`, `''`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, Literal

from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.nav.pages.model import Control

    Test = Callable[[Any], bool]

DateStyle = Literal["iso", "en-US"]
_TOKEN = re.compile(r"'((?:[^']|'')*)'|(\.\.|<>|<=|>=|[|&()<>=])|((?:(?!\.\.)[^'|&()<>=])+)")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "<>": lambda value, wanted: bool(value != wanted),
    "<": lambda value, wanted: bool(value < wanted),
    "<=": lambda value, wanted: bool(value <= wanted),
    ">": lambda value, wanted: bool(value > wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
}
_YES: Final = {"YES": True, "TRUE": True, "1": True, "NO": False, "FALSE": False, "0": False}
_TEXTS: Final = (Kind.CODE, Kind.TEXT, Kind.GUID)
_DATES: Final[dict[DateStyle, re.Pattern[str]]] = {
    "iso": re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"),
    "en-US": re.compile(r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4}|\d\d)"),
}


@dataclass(frozen=True)
class Spoken:
    """How people on this server write values.

    Attributes:
        dates: Style of dates.
        caption: An option's caption in the server's language, given the English one.
    """

    dates: DateStyle = "iso"
    caption: Callable[[str], str] = str


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool = False
    sign: bool = False


@dataclass(frozen=True)
class Criteria:
    """A filter read for one control.

    Attributes:
        passes: Whether a value passes.
        only: The one value that passes, when the filter names just one; None otherwise.
    """

    passes: Test
    only: Any = None


def read(
    control: Control,
    table: str,
    text: str,
    spoken: Spoken = Spoken(),
) -> Criteria | None:
    """Read a filter on a control; None for one that lets everything pass.

    Args:
        control: What it filters.
        table: Name of the page's table, for the message.
        text: As it was sent.
        spoken: How its values are written.

    Raises:
        NavError: When it is no filter, or its values are none of the control's type.
    """
    if not text.strip():
        return None
    try:
        return _Reader(control, text, spoken).read()
    except (ValueError, KeyError, InvalidOperation) as error:
        raise NavError(
            "Application_FilterErrorException",
            f'The filter "{text}" is not valid for the {control.name} field on the {table} table.',
        ) from error


class _Reader:
    """Reads by descent: alternatives of conjunctions of ranges, comparisons and patterns."""

    def __init__(self, control: Control, text: str, spoken: Spoken) -> None:
        self._control = control
        self._spoken = spoken
        self._tokens = _tokens(text)
        self._position = 0

    def read(self) -> Criteria:
        test = self._alternatives()
        if self._position < len(self._tokens):
            raise ValueError(self._tokens[self._position].text)
        only = None
        if len(self._tokens) == 1 and not _is_pattern(self._control.kind, self._tokens[0]):
            only = self._value(self._tokens[0])
        return Criteria(test, only)

    def _next_is(self, *signs: str) -> bool:
        if self._position >= len(self._tokens):
            return False
        token = self._tokens[self._position]
        return token.sign and token.text in signs

    def _take(self) -> _Token:
        if self._position >= len(self._tokens):
            raise ValueError("The filter ends too early.")
        self._position += 1
        return self._tokens[self._position - 1]

    def _alternatives(self) -> Test:
        tests = [self._conjunction()]
        while self._next_is("|"):
            self._take()
            tests.append(self._conjunction())
        return lambda value: any(test(value) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._condition()]
        while self._next_is("&"):
            self._take()
            tests.append(self._condition())
        return lambda value: all(test(value) for test in tests)

    def _condition(self) -> Test:
        if self._next_is("("):
            self._take()
            test = self._alternatives()
            if not self._next_is(")"):
                raise ValueError("A parenthesis is not closed.")
            self._take()
            return test
        if self._next_is("=", "<>", "<", "<=", ">", ">="):
            return self._comparison(self._take().text)
        return self._range_or_value()

    def _comparison(self, sign: str) -> Test:
        token = self._take()
        if token.sign:
            raise ValueError(token.text)
        if sign in {"=", "<>"} and _is_pattern(self._control.kind, token):
            matches = _pattern(token.text, self._control.kind)
            return matches if sign == "=" else lambda value: not matches(value)
        wanted = self._value(token)
        compare = _COMPARISONS[sign]
        return lambda value: compare(self._comparable(value), self._comparable(wanted))

    def _range_or_value(self) -> Test:
        low = None if self._next_is("..") else self._take()
        if low is not None and low.sign:
            raise ValueError(low.text)
        if not self._next_is(".."):
            if low is None:
                raise ValueError("Nothing to compare with.")
            return self._equal(low)
        self._take()
        high = None
        if self._position < len(self._tokens) and not self._tokens[self._position].sign:
            high = self._take()
        if low is None and high is None:
            raise ValueError("A range without ends.")
        first = self._comparable(self._value(low)) if low is not None else None
        last = self._comparable(self._value(high)) if high is not None else None

        def within(value: Any) -> bool:  # noqa: ANN401 - of the control's type
            value = self._comparable(value)
            return (first is None or value >= first) and (last is None or value <= last)

        return within

    def _equal(self, token: _Token) -> Test:
        if _is_pattern(self._control.kind, token):
            return _pattern(token.text, self._control.kind)
        wanted = self._comparable(self._value(token))
        return lambda value: bool(self._comparable(value) == wanted)

    def _comparable(self, value: Any) -> Any:  # noqa: ANN401 - of the control's type
        if self._control.kind is Kind.DATE:
            return value or date.min
        if self._control.kind is Kind.OPTION:
            return self._control.options.index(value)
        return value

    def _value(self, token: _Token) -> Any:  # noqa: ANN401 - of the control's type
        kind, text = self._control.kind, token.text
        if kind in {Kind.TEXT, Kind.GUID}:
            return text
        readers: dict[Kind, Callable[[str], Any]] = {
            Kind.CODE: str.upper,
            Kind.DECIMAL: lambda given: Decimal(given or "0"),
            Kind.INTEGER: lambda given: int(given or "0"),
            Kind.BOOLEAN: lambda given: _YES[given.upper()],
            Kind.DATE: self._date,
            Kind.OPTION: self._option,
        }
        return readers[kind](text.strip())

    def _date(self, text: str) -> date | None:
        if not text:
            return None
        match = _DATES[self._spoken.dates].fullmatch(text)
        if match is None:
            raise ValueError(text)
        year = match["year"]
        century = "20" if len(year) == len("yy") else ""
        return date(int(f"{century}{year}"), int(match["month"]), int(match["day"]))

    def _option(self, text: str) -> str:
        options = self._control.options
        if text.isdigit() and int(text) < len(options):
            return options[int(text)]
        for option in options:
            if self._spoken.caption(option).strip().casefold() == text.casefold():
                return option
        raise ValueError(text)


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(text[position:])
        quoted, sign, plain = match.groups()
        if quoted is not None:
            tokens.append(_Token(quoted.replace("''", "'"), quoted=True))
        elif sign is not None:
            tokens.append(_Token(sign, sign=True))
        elif plain.strip() or not tokens:
            tokens.append(_Token(plain.strip()))
        position = match.end()
    return tokens


def _is_pattern(kind: Kind, token: _Token) -> bool:
    return kind in _TEXTS and not token.quoted and bool(re.search(r"[*?@]", token.text))


def _pattern(text: str, kind: Kind) -> Test:
    folded = text.startswith("@")
    body = text[1:] if folded else text
    if kind is Kind.CODE:
        body = body.upper()
    expression = "".join(
        {"*": ".*", "?": "."}.get(character, re.escape(character)) for character in body
    )
    pattern = re.compile(expression, re.DOTALL | (re.IGNORECASE if folded else 0))
    return lambda value: pattern.fullmatch(str(value)) is not None

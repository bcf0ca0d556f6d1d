"""Reads a rules file: YAML into `Rules`, and every error with its line, its key and a suggestion.

All errors of a file come at once. Nothing is read but the file itself.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from map_expensify_nav.errors import RulesFileError, RulesFileProblem
from map_expensify_nav.rule_model import DATED, ONE
from map_expensify_nav.rules import Rules
from map_expensify_nav.yaml_marks import MarkedData, Path, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from map_expensify_nav.rule_model import Misfit

_NO_VALUE = ("has no value.", "Write one, or remove the key.")
_NOT_IN_THE_FILE = {"[key]", ONE, DATED}
"""What pydantic adds to the place of an error."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, eq=False)
class RulesFile:
    """Rules together with the file they were read from.

    Attributes:
        name: The file as a person would name it.
        rules: What it says.
        marks: Where it says so.
        memory: What others keep that follows from the rules.
    """

    name: str
    rules: Rules
    marks: MarkedData
    memory: dict[object, Any] = field(default_factory=dict, init=False, repr=False)
    _places: dict[tuple[Path, Path, str], str] = field(default_factory=dict, init=False, repr=False)

    @property
    def claims_some(self) -> bool:
        """Whether it is for some reports only."""
        return self.rules.reports is not None

    def place(self, path: Path, at: Path | None = None, more: str = "") -> str:
        """A key path with its line, e.g. `accounts.by_category (line 41)`.

        Args:
            path: The path as it is shown.
            at: The path whose line is told; the same unless given.
            more: What stands between the two, e.g. ": category_gl_code".
        """
        key = (path, path if at is None else at, more)
        place = self._places.get(key)
        if place is None:  # the same few are asked for again with every line of every document
            place = f"{key_path(path)}{more} (line {self.marks.line(key[1])})"
            self._places[key] = place
        return place


def load_rules_file(path: str | FilePath) -> RulesFile:
    """Read a rules file.

    Args:
        path: The file; a relative path starts at the working directory.

    Returns:
        The rules with their places.

    Raises:
        RulesFileError: If it cannot be read or used, with everything that is wrong.
    """
    name = _display_name(FilePath(path))
    try:
        text = FilePath(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _file_error(name, "is not text in UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        reason = (error.strerror or "it is unreadable").lower()
        raise _file_error(
            name, f"cannot be read: {reason}.", "Check the setting rules_file."
        ) from None
    return parse_rules(text, name)


def parse_rules(text: str, name: str) -> RulesFile:
    """Turn the text of a rules file into rules. Pure: no I/O.

    Args:
        text: The file's text.
        name: How errors and reasons call the file.

    Returns:
        The rules with their places.

    Raises:
        RulesFileError: If it cannot be used, with everything that is wrong.
    """
    marks = read_yaml(text)
    problems = [
        RulesFileProblem(name, error.line, key_path(error.path), error.message)
        for error in marks.errors
    ]
    if marks.data is None:
        raise RulesFileError(problems or [RulesFileProblem(name, None, "", "is empty.")])
    problems += [
        RulesFileProblem(name, marks.line(path), key_path(path), *_NO_VALUE)
        for path in _valueless(marks.data, ())
    ]
    try:
        rules = Rules.model_validate(marks.data)
    except ValidationError as failure:
        for error in failure.errors(include_url=False):
            if error["input"] is not None:  # told above
                problems += _problems(error, name, marks)
        raise RulesFileError(problems) from None
    if problems:
        raise RulesFileError(problems)
    return RulesFile(name, rules, marks)


def key_path(path: Iterable[str | int]) -> str:
    """A path as a person would write it, e.g. `documents.company_card.by_policy["Northwind Europe"]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f'["{key}"]'
    return text


def closest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that somebody who wrote `word` most likely meant, if any comes near."""
    candidates = list(words)
    folded = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def _display_name(path: FilePath) -> str:
    try:
        return path.resolve().relative_to(FilePath.cwd()).as_posix()
    except ValueError:
        return str(path)


def _file_error(name: str, message: str, suggestion: str) -> RulesFileError:
    return RulesFileError([RulesFileProblem(name, None, "", message, suggestion)])


def _valueless(data: object, path: Path) -> Iterator[Path]:
    """The paths of all keys and items without a value."""
    if data is None:
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _valueless(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _valueless(value, (*path, index))


def _problems(error: ErrorDetails, name: str, marks: MarkedData) -> list[RulesFileProblem]:
    """The problems of one of pydantic's errors, in words."""
    path: Path = tuple(key for key in error["loc"] if key not in _NOT_IN_THE_FILE)
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "misfits":
        misfits: list[Misfit] = context["misfits"]
        return [
            RulesFileProblem(
                name,
                marks.line(path + misfit.path),
                key_path(path + misfit.path),
                misfit.message,
                misfit.suggestion,
            )
            for misfit in misfits
        ]
    message, suggestion = _words(error, path, context)
    return [RulesFileProblem(name, marks.line(path), key_path(path), message, suggestion)]


def _words(error: ErrorDetails, path: Path, context: dict[str, Any]) -> tuple[str, str | None]:  # noqa: PLR0911 (a table of cases)
    """Message and suggestion for one error."""
    kind = error["type"]
    given = error["input"]
    if kind == "extra_forbidden":
        allowed = _keys_beside(path)
        return "is not a key here.", _did_you_mean(str(path[-1]), allowed)
    if kind == "unknown_field":
        field = str(context["field"])
        return f"uses the unknown field {{{field}}}.", _did_you_mean(field, context["fields"])
    if kind == "missing":
        return "is missing.", f"Add {path[-1]}."
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"cannot be '{given}'.", _did_you_mean(str(given), choices)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "must hold keys with values, indented below it.", None
    if kind == "list_type":
        return "must be a list, like [by_category, category_gl_code].", None
    if kind == "string_type":
        return "must be a single value.", None
    if kind in ("bool_parsing", "bool_type"):
        return f"must be true or false, not '{given}'.", None
    if kind in ("int_parsing", "int_type"):
        return f"must be a whole number, not '{given}'.", None
    if kind == "string_pattern_mismatch":
        return f"must be a currency code of three letters such as EUR, not '{given}'.", None
    if kind in ("string_too_short", "too_short"):
        return "is empty.", "Write a value, or remove the key."
    return error["msg"].rstrip(".") + ".", None


def _did_you_mean(word: str, words: Iterable[str]) -> str:
    choices = list(words)
    near = closest(word, choices)
    listed = ", ".join(choices)
    return f"Did you mean {near}?" if near else f"Possible here: {listed}."


def _keys_beside(path: Path) -> list[str]:
    """The keys that the part of the rules file around `path` may have."""
    kinds: list[object] = [Rules]
    for key in path[:-1]:
        kinds = [inner for kind in kinds for inner in _kinds_at(kind, key)]
    return [name for kind in kinds if _is_model(kind) for name in _fields(kind)]


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _kinds_at(kind: object, key: str | int) -> list[object]:
    """What a key of a part may hold: models, mappings, lists, or something simple."""
    if _is_model(kind):
        field = _fields(kind).get(str(key))
        return _choices(field.annotation) if field else []
    if get_origin(kind) is (list if isinstance(key, int) else dict):
        return _choices(get_args(kind)[-1])
    return []


def _choices(kind: object) -> list[object]:
    """The kinds a union or annotated kind stands for; anything else stands for itself."""
    if get_origin(kind) is Annotated:
        return _choices(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [inner for part in get_args(kind) for inner in _choices(part)]
    return [kind]

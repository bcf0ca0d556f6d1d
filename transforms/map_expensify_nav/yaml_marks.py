"""YAML as plain data, together with the line of every key and value. Pure: text in, data out.

Values are taken as they are written: `0100` stays "0100" and `NO` stays "NO", instead of becoming the number 64 and
the truth value false as YAML 1.1 would have it. Account numbers and dimension codes are texts, and nobody should have
to know which of them need quotes. The types of `rules.py` turn a text into a number or truth value where one is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

_ADVICE = {
    "mapping values are not allowed": " A text that contains a colon and a blank needs quotes.",
    "cannot start any token": " Indent with blanks, not tabs; a text that begins with a sign needs quotes.",
}


@dataclass(frozen=True)
class MarkedError:
    """Something that is no usable YAML. `line` counts from 1; `path` leads to the key."""

    line: int
    path: Path
    message: str


@dataclass
class MarkedData:
    """Plain data with its places.

    Attributes:
        data: dicts, lists, texts and None.
        lines: Path → line of its key (for entries of a mapping) or of the value (for items of a list), from 1.
        errors: Keys given twice and the like.
    """

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    errors: list[MarkedError] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it that is in the file."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1


def read_yaml(text: str) -> MarkedData:
    """Read one YAML document.

    Args:
        text: The file's text.

    Returns:
        The data with its places; when the text is no YAML at all, `errors` says so and `data` is None.
    """
    result = MarkedData()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        result.errors.append(
            MarkedError(
                line=mark.line + 1 if mark else 1,
                path=(),
                message=f"is not valid YAML here: {error.problem}.{_advice(error.problem or '')}",
            )
        )
        return result
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        result.errors.append(
            MarkedError(
                line=line, path=(), message="contains a character that YAML does not allow."
            )
        )
        return result
    if node is not None:
        result.lines[()] = node.start_mark.line + 1
        result.data = _plain(node, (), result, frozenset())
    return result


def _advice(problem: str) -> str:
    """What to do about the two mistakes that are made most."""
    return next((advice for words, advice in _ADVICE.items() if words in problem), "")


def _plain(node: yaml.Node, path: Path, result: MarkedData, around: frozenset[int]) -> Any:  # noqa: ANN401
    """The plain data of a node; `around` holds the nodes it lies in, so that an alias cannot contain itself."""
    line = node.start_mark.line + 1
    if id(node) in around:
        result.errors.append(MarkedError(line, path, "contains itself through an alias (*name)."))
        return None
    around |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, path, result, around)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            place: Path = (*path, index)
            result.lines[place] = item.start_mark.line + 1
            items.append(_plain(item, place, result, around))
        return items
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def _plain_mapping(
    node: yaml.MappingNode, path: Path, result: MarkedData, around: frozenset[int]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            result.errors.append(MarkedError(line, path, "has a key that is not a plain text."))
            continue
        key = key_node.value
        if key_node.tag == "tag:yaml.org,2002:merge":
            result.errors.append(
                MarkedError(
                    line, path, "uses '<<'; write the keys out, or use *alias for the whole value."
                )
            )
            continue
        entry: Path = (*path, key)
        if key in mapping:
            result.errors.append(
                MarkedError(line, entry, f"is given twice (first in line {result.lines[entry]}).")
            )
            continue
        result.lines[entry] = line
        mapping[key] = _plain(value_node, entry, result, around)
    return mapping

"""XML read without surprises, and written with the prefixes NAV writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters XML 1.0 has no way to say."""


class UnreadableXml(ValueError):  # noqa: N818 - says what it is
    """What was sent is no XML, or more of it than anybody should read."""


class _NoDoctype(TreeBuilder):
    """Builds a tree; a document type would be where entities come from."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> NoReturn:
        raise UnreadableXml("For security reasons DTD is prohibited in this XML document.")


def parse(body: bytes) -> Element:
    """The root of a document.

    Raises:
        UnreadableXml: When it is not well-formed, or declares a document type.
    """
    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - the target refuses every declaration
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        raise UnreadableXml(str(error)) from error
    return root


def split_name(tag: str) -> tuple[str, str]:
    """Namespace and local name of a tag `{namespace}name`."""
    namespace, brace, name = tag.rpartition("}")
    return (namespace.removeprefix("{"), name) if brace else ("", tag)


def text_of(element: Element) -> str:
    """The text directly within an element."""
    return element.text or ""


def tag(name: str, content: str = "", /, **attributes: str) -> str:
    """One element whose content is XML already; attribute names have `_` for `:`."""
    written = "".join(
        f" {key.replace('_', ':', 1)}={quoteattr(value)}" for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written} />"


def leaf(name: str, value: str, /, **attributes: str) -> str:
    """One element with text; what XML cannot say is written as a reference, as NAV does."""
    text = ILLEGAL.sub(lambda match: f"&#x{ord(match[0]):X};", escape(value))
    return tag(name, text, **attributes)


def joined(parts: Iterable[str]) -> str:
    """Elements one after another."""
    return "".join(parts)

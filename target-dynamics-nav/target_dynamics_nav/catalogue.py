"""Where each code is explained: the address of its page in the error catalogue. Pure: no I/O."""

from __future__ import annotations

import os
import re

DOCS_URL = "docs/errors/{code}.md"
"""The catalogue that comes with the project; `docs_url` names another place, such as a company's own wiki."""

_VARIABLE = "TARGET_DYNAMICS_NAV_DOCS_URL"
_CODE = re.compile(r"[a-z][a-z0-9_]*")


def page_of(code: str | None, docs_url: str = DOCS_URL) -> str | None:
    """Address of the page that explains a code; None for what is no code of a catalogue.

    Args:
        code: Stable code of an error, problem, note or skip.
        docs_url: The address, with {code} where the code goes; without that, the folder of the pages.
    """
    if not code or not _CODE.fullmatch(code):
        return None
    if "{code}" in docs_url:
        return docs_url.replace("{code}", code)
    return f"{docs_url.rstrip('/')}/{code}.md"


def docs_url_of_environment() -> str:
    """The catalogue's address where no settings can be asked: before they are read, or when they are wrong."""
    return os.environ.get(_VARIABLE) or DOCS_URL

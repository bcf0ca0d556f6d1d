"""Renders export templates with a real FreeMarker engine."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import freemarker

from expense_sandbox.expensify.leniency import lenient, on_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expense_sandbox.expensify.quirks import Quirks

_PRELUDE: Final = (
    "<#assign reports = reportsAsJson?eval_json>"
    "<#if cardsAsJson??><#assign cards = cardsAsJson?eval_json></#if>"
)
# The engine's sequences and hashes are real ones only when it reads them from JSON itself.

_REMEMBERED_TEXTS: Final = 24


class TemplateError(Exception):
    """A template the engine refuses; the message is the engine's."""


class _Texts:
    """The texts rendered last, by what they were rendered from. Rendering is what costs time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: OrderedDict[bytes, str] = OrderedDict()

    def get(self, key: bytes) -> str | None:
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
            return self._texts.get(key)

    def put(self, key: bytes, text: str) -> None:
        with self._lock:
            self._texts[key] = text
            while len(self._texts) > _REMEMBERED_TEXTS:
                self._texts.popitem(last=False)


_TEXTS: Final = _Texts()
# Shared by all servers of a process: most of them show the same world to the same template.


def render(template: str, reports: Sequence[dict[str, Any]], quirks: Quirks) -> str:
    """Fill a template with reports.

    Args:
        template: FreeMarker source.
        reports: Values of `reports` in the template, JSON-able.
        quirks: How errors and numbers are treated, and how many reports at a time.

    Returns:
        The text. The same arguments give the same text (`.now` in a template may be that of an
        earlier call).

    Raises:
        TemplateError: When the template is malformed, or fails and `template_errors` is `strict`.
    """
    size = quirks.reports_per_rendering or max(len(reports), 1)
    starts = range(0, max(len(reports), 1), size)
    return "".join(
        _render_part(template, reports[start : start + size], quirks, add_header=start == 0)
        for start in starts
    )


_CARDS: Final = re.compile(r"<#list\s+cards\s+as\s+(\w+)\s*,\s*(\w+)\s*>")


def render_cards(template: str, cards: Sequence[dict[str, Any]], quirks: Quirks) -> str:
    """Fill a reconciliation template.

    Expensify's `cards` maps a card to its reports. The engine's maps have texts for keys, so
    `<#list cards as card, reports>` is rewritten to go through pairs.

    Args:
        template: FreeMarker source.
        cards: Pairs `{card, reports}`, JSON-able.
        quirks: How errors and numbers are treated.

    Returns:
        The text.

    Raises:
        TemplateError: When the template is malformed, or fails and `template_errors` is `strict`.
    """
    paired = _CARDS.sub(
        r"<#list cards as cardAndReports><#assign \1 = cardAndReports.card>"
        r"<#assign \2 = cardAndReports.reports>",
        template,
    )
    model = {"reportsAsJson": "[]", "cardsAsJson": json.dumps(cards, ensure_ascii=False)}
    return _process(paired, {**model, "addHeader": True}, quirks)


def _render_part(
    template: str, reports: Sequence[dict[str, Any]], quirks: Quirks, *, add_header: bool
) -> str:
    reports_as_json = json.dumps(reports, ensure_ascii=False)
    settings = (quirks.template_errors, quirks.grouped_numbers, add_header)
    source = json.dumps([template, settings]) + reports_as_json
    key = hashlib.sha256(source.encode()).digest()
    text = _TEXTS.get(key)
    if text is None:
        model = {"reportsAsJson": reports_as_json, "addHeader": add_header}
        text = _process(template, model, quirks)
        _TEXTS.put(key, text)
    return text


def _process(template: str, model: dict[str, Any], quirks: Quirks) -> str:
    number_format = "number" if quirks.grouped_numbers else "computer"
    template = on_one_line(template)
    try:
        return _run(template, model, number_format)
    except freemarker.FreeMarkerError as error:
        if quirks.template_errors == "strict":
            raise TemplateError(str(error)) from error
    # What renders without errors is the same in both modes, and faster unwrapped.
    try:
        return _run(lenient(template), model, number_format)
    except freemarker.FreeMarkerError as error:
        raise TemplateError(str(error)) from error


def _run(template: str, model: dict[str, Any], number_format: str) -> str:
    # The engine's objects may only be used by the thread that made them, so none are kept.
    configuration = freemarker.FmConfiguration()
    configuration.set_locale("en_US")
    configuration.set_number_format(number_format)
    configuration.set_template_exception_handler("rethrow")
    configuration.put_template("prelude", _PRELUDE)
    configuration.set_auto_include("prelude")
    configuration.put_template("template", template)
    text: str = configuration.get_template("template").process(model)
    return text

"""An alert as JSON, as one text for a chat, and as an e-mail. No I/O; an e-mail has the time of its making.

The chat's text holds counts, codes, ids and amounts only, whatever `alert_include` says, and no character that a chat
service takes for a link, a mention or markup: what a report is named is decided by whoever writes it.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.alerts.news import amounts_of, by_reason
from target_dynamics_nav.catalogue import page_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.alerts.news import Amounts, News, Waiting
    from target_dynamics_nav.alerts.settings import AlertSettings, Mail

VERSION = 1
"""Of the JSON message; a field that goes or changes its meaning makes it a new one."""
MOST_DOCUMENTS = 100
MOST_IN_TEXT = 10
_LONGEST_MESSAGE = 500
_NOT_PLAIN = re.compile(r"[^\w .:/+-]")


def subject(news: News) -> str:
    """One line: what happened."""
    parts = []
    if "run_failed" in news.occasions:
        parts.append(f"run stopped ({_plain(news.outcome)})")
    for occasion, words in (
        ("held", "held"),
        ("changed", "changed"),
        ("aged", f"waiting for more than {_days(news.aged_days)}"),
    ):
        if occasion in news.occasions:
            parts.append(f"{len(news.of(occasion))} {words}")
    return f"Expense posting, {_plain(news.company)}: {', '.join(parts)}"


def text(news: News, settings: AlertSettings) -> str:
    """A few lines for a chat."""
    lines = [subject(news)]
    reported = _reported(news)
    for status, code, number, amounts in by_reason(reported)[:MOST_IN_TEXT]:
        lines.append(
            f"{_counted(number)} {status}: {_plain(code) or 'no reason'}{_brackets(amounts)}"
        )
    lines += [
        f"- report {_plain(item.report_id)} ({_plain(item.document_key)}): {item.status}"
        for item in reported[:MOST_IN_TEXT]
    ]
    if len(reported) > MOST_IN_TEXT:
        lines.append(f"- and {len(reported) - MOST_IN_TEXT} more")
    if "run_failed" in news.occasions:
        lines.append(_STOPPED)
        page = page_of(news.outcome, settings.docs_url)
        lines += [f"More: {page}"] if page else []
    lines.append("To see all: nav-audit status")
    return "\n".join(lines)


def as_json(news: News, settings: AlertSettings) -> dict[str, Any]:
    """The message of a webhook."""
    reported = _reported(news)
    return {
        "text": text(news, settings),
        "version": VERSION,
        "occasions": list(news.occasions),
        "run": {"id": news.run_id, "outcome": news.outcome, "company": news.company},
        "documents": dict(news.counts),
        "totals": {status: _decimals(amounts) for status, amounts in news.totals.items()},
        "aged": {
            "days": news.aged_days,
            "documents": len(news.of("aged")) if news.ledger_asked else None,
            "totals": _decimals(amounts_of(news.of("aged"))) if news.ledger_asked else None,
        },
        "reasons": [
            {
                "status": status,
                "code": code or None,
                "documents": number,
                "totals": _decimals(amounts),
                "docs": page_of(code, settings.docs_url),
            }
            for status, code, number, amounts in by_reason(reported)
        ],
        "waiting": [_item(item, settings) for item in reported[:MOST_DOCUMENTS]],
        "waiting_not_shown": max(0, len(reported) - MOST_DOCUMENTS),
    }


def as_mail(news: News, settings: AlertSettings, mail: Mail) -> EmailMessage:
    """The e-mail."""
    message = EmailMessage()
    message["Subject"] = subject(news)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Date"] = format_datetime(datetime.now(timezone.utc))
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # so that no absence note answers it
    message.set_content("\n".join(_mail_lines(news, settings)) + "\n")
    return message


_STOPPED = (
    "The run was stopped by an error. What is posted is recorded; the next run goes on from there."
)


def _mail_lines(news: News, settings: AlertSettings) -> Iterator[str]:
    yield subject(news)
    yield ""
    if "run_failed" in news.occasions:
        yield f"{_STOPPED} The error: {news.outcome}"
        page = page_of(news.outcome, settings.docs_url)
        if page:
            yield f"  More: {page}"
        yield ""
    if news.counts:
        yield "This run:"
        for status, number in news.counts.items():
            yield f"  {number} {status.replace('_', ' ')}{_brackets(news.totals.get(status, {}))}"
        yield ""
    if not news.ledger_asked:
        yield "The audit ledger could not be read, so what waits for long is not known."
        yield ""
    reported = _reported(news)
    if reported:
        yield "Why documents wait:"
        for status, code, number, amounts in by_reason(reported):
            yield f"  {_counted(number)} {status}: {_line(code) or 'no reason'}{_brackets(amounts)}"
            page = page_of(code, settings.docs_url)
            if page:
                yield f"    More: {page}"
        yield ""
        yield "Documents:"
        for item in reported[:MOST_DOCUMENTS]:
            yield from _mail_item(item, settings)
        if len(reported) > MOST_DOCUMENTS:
            yield f"  … and {len(reported) - MOST_DOCUMENTS} more"
        yield ""
    yield "To see all: nav-audit status"
    yield "One report's story: nav-audit explain REPORT"


def _mail_item(item: Waiting, settings: AlertSettings) -> Iterator[str]:
    shown = _item(item, settings)
    amount = "" if item.total is None else f", {item.total:,f} {item.currency_code}".rstrip()
    since = f", waiting since {item.since[:10]}" if item.since else ""
    place = f"{_line(item.report_id)} ({item.document_key}, {_line(item.company)})"
    yield f"  {place}: {item.status}, {_line(item.code)}{amount}{since}"
    for name in ("report_name", "submitter", "message"):
        if shown.get(name):
            yield f"    {_line(str(shown[name]))}"


def _reported(news: News) -> list[Waiting]:
    """The documents that are the reason of the alert, those that wait longest first."""
    wanted = {
        (item.company, item.document_key): item
        for occasion in news.occasions
        if occasion != "run_failed"
        for item in news.of(occasion)
    }
    return sorted(
        wanted.values(), key=lambda item: (item.since or "9999", item.company, item.document_key)
    )


def _item(item: Waiting, settings: AlertSettings) -> dict[str, Any]:
    extras = {
        "report_names": ("report_name", item.report_name),
        "submitters": ("submitter", item.submitter),
        "messages": ("message", item.message and item.message[:_LONGEST_MESSAGE]),
    }
    return {
        "status": item.status,
        "report_id": item.report_id,
        "document_key": item.document_key,
        "company": item.company,
        "code": item.code or None,
        "docs": page_of(item.code, settings.docs_url),
        "total": None if item.total is None else f"{item.total:f}",
        "currency_code": item.currency_code or None,
        "waiting_since": item.since,
        "aged": item.aged,
        **{name: value for extra, (name, value) in extras.items() if extra in settings.include},
    }


def _decimals(amounts: Amounts) -> dict[str, str]:
    return {currency: f"{amount:f}" for currency, amount in sorted(amounts.items())}


def _brackets(amounts: Amounts) -> str:
    shown = ", ".join(
        f"{amount:,f} {_plain(currency)}".rstrip() for currency, amount in sorted(amounts.items())
    )
    return f" ({shown})" if shown else ""


def _counted(number: int) -> str:
    return "1 document" if number == 1 else f"{number} documents"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _line(words: str) -> str:
    """A feed's words on one line, so that they cannot look like lines of ours."""
    return " ".join(words.split())


def _plain(words: str) -> str:
    return _NOT_PLAIN.sub("_", words)[:80]

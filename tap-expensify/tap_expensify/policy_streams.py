"""The streams of policies and company cards. Each is read only when it is selected."""

from __future__ import annotations

import json
import logging
import tempfile
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from tap_expensify import policy_schemas
from tap_expensify.cards import card_transaction_record, domain_card_record
from tap_expensify.errors import (
    IncompleteError,
    NotFoundError,
    ProtocolError,
    RequestRefusedError,
)
from tap_expensify.export import DOWNLOADS, SUBMISSIONS
from tap_expensify.policies import SECTIONS, policy_record
from tap_expensify.streams import ExpensifyStream
from tap_expensify.values import moment_of
from tap_expensify.windows import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from singer_sdk.helpers.types import Context

    from tap_expensify.client import ExpensifyClient
    from tap_expensify.records import Record, Wire

logger = logging.getLogger("tap-expensify.policies")

POLICIES_AT_A_TIME = 50


class PoliciesStream(ExpensifyStream):
    """The policies (workspaces) the credentials can see."""

    name = "policies"
    primary_keys: Sequence[str] = ("policy_id",)
    schema = policy_schemas.POLICIES

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the policies; only those of the setting `policy_ids`, if it is given."""
        wanted = self._expensify.settings.policy_ids
        for record in self._expensify.policy_list():
            if not wanted or record["policy_id"] in wanted:
                yield record


class PolicySectionStream(ExpensifyStream):
    """One section of every policy."""

    section: str

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the items of the section, policy by policy."""
        read = SECTIONS[self.section]
        for policy_id, sections in self._expensify.policy_sections().items():
            yield from read(policy_id, sections.get(self.section))


class PolicyCategoriesStream(PolicySectionStream):
    """Categories."""

    name = "policy_categories"
    section = "categories"
    primary_keys: Sequence[str] = ("policy_id", "name")
    schema = policy_schemas.POLICY_CATEGORIES


class PolicyTagsStream(PolicySectionStream):
    """Tags, of one level or several."""

    name = "policy_tags"
    section = "tags"
    primary_keys: Sequence[str] = ("policy_id", "level", "name")
    schema = policy_schemas.POLICY_TAGS


class PolicyReportFieldsStream(PolicySectionStream):
    """Report fields."""

    name = "policy_report_fields"
    section = "reportFields"
    primary_keys: Sequence[str] = ("policy_id", "name")
    schema = policy_schemas.POLICY_REPORT_FIELDS


class PolicyTaxRatesStream(PolicySectionStream):
    """Tax rates."""

    name = "policy_tax_rates"
    section = "tax"
    primary_keys: Sequence[str] = ("policy_id", "rate_id")
    schema = policy_schemas.POLICY_TAX_RATES


class PolicyEmployeesStream(PolicySectionStream):
    """Employees."""

    name = "policy_employees"
    section = "employees"
    primary_keys: Sequence[str] = ("policy_id", "email")
    schema = policy_schemas.POLICY_EMPLOYEES


class DomainCardsStream(ExpensifyStream):
    """The company cards of the domains named in setting `domains`."""

    name = "domain_cards"
    primary_keys: Sequence[str] = ("domain", "card_id")
    schema = policy_schemas.DOMAIN_CARDS

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the cards, domain by domain."""
        for domain in self._expensify.settings.domains:
            asked = {"type": "domainCardList", "domain": domain}
            for wire in _items(self._expensify.client.get(asked), "domainCardList"):
                yield domain_card_record(domain, wire)


class CardTransactionsStream(ExpensifyStream):
    """Transactions of those cards, deleted and unreported ones included; only when selected by name."""

    name = "card_transactions"
    primary_keys: Sequence[str] = ("transaction_id",)
    schema = policy_schemas.CARD_TRANSACTIONS
    selected_by_default = False

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the transactions of the last `card_days` days, domain by domain."""
        settings = self._expensify.settings
        if not settings.domains:
            self.log(
                "The stream card_transactions is empty, as the setting domains names none.",
                level=logging.WARNING,
            )
        today = moment_of(self._expensify.started_at()).date()
        last = today if settings.end is None else min(today, settings.end.date())
        first = max(settings.start.date(), last - timedelta(days=settings.card_days))
        for domain in settings.domains:
            # A day more at both ends, as Expensify names no time zone.
            start, end = first - timedelta(days=1), last + timedelta(days=1)
            while start <= end:
                until = min(end, start + LONGEST)
                yield from self._transactions(domain, start, until)
                start = until + timedelta(days=1)

    def _transactions(self, domain: str, start: date, end: date) -> Iterator[Record]:
        asked = {
            "startDate": start.isoformat(),
            "endDate": end.isoformat(),
            "domain": domain,
            "feed": self._expensify.settings.card_feed,
            "type": "All",
        }
        with tempfile.TemporaryFile(prefix="tap-expensify-") as file:
            count = read_card_export(self._expensify.client, asked, file)
            self.log("Card transactions from %s to %s: %d.", start, end, count)
            file.seek(0)
            for line in file:
                parsed = json.loads(line) if line.strip() else {}
                if parsed.get("_type") == "expense":
                    yield card_transaction_record(domain, parsed)


def card_template() -> str:
    """The FreeMarker template of card exports."""
    return resources.files("tap_expensify").joinpath("cards.ftl").read_text(encoding="utf-8")


def read_card_export(client: ExpensifyClient, asked: Mapping[str, Any], file: Any) -> int:  # noqa: ANN401 - a binary file
    """Downloads a whole card export into a file and returns the number of its transactions.

    Raises:
        TapError: It cannot be read whole.
    """
    for submission in range(SUBMISSIONS):
        name = client.submit_reconciliation(asked, card_template())
        for download in range(DOWNLOADS):
            client.download(name, file, file_system="reconciliation")
            file.seek(0)
            try:
                return _count_whole(file)
            except IncompleteError:
                if (submission, download) == (SUBMISSIONS - 1, DOWNLOADS - 1):
                    raise
    raise ProtocolError("No attempt to read a card export was made.")


def _count_whole(lines: Iterable[bytes]) -> int:
    found, announced = 0, None
    for line in lines:
        if not line.strip():
            continue
        try:
            parsed = json.loads(line)
        except ValueError as error:
            raise _damaged() from error
        kind = parsed.get("_type") if isinstance(parsed, dict) else None
        if kind == "expense":
            found += 1
        elif kind == "trailer":
            announced = (announced or 0) + parsed["expenses"]
        else:
            raise _damaged()
    if announced != found:
        raise _damaged()
    return found


def _damaged() -> IncompleteError:
    return IncompleteError("Expensify's export of card transactions is not whole.")


def read_policy_list(client: ExpensifyClient) -> list[Record]:
    """All policies the credentials can see, as records of stream `policies`."""
    return [
        policy_record(item) for item in _items(client.get({"type": "policyList"}), "policyList")
    ]


def read_policy_sections(
    client: ExpensifyClient,
    policy_ids: Sequence[str],
    sections: Sequence[str],
    *,
    all_needed: bool,
) -> dict[str, Wire]:
    """Sections of policies, from as few requests as possible.

    Args:
        client: Talks to Expensify.
        policy_ids: The policies.
        sections: Names of Expensify's, e.g. `categories`.
        all_needed: Whether a policy that Expensify does not show is an error; else it is left out, with a warning.

    Raises:
        RequestRefusedError: Expensify does not show a policy that is needed.
    """
    found: dict[str, Wire] = {}
    for start in range(0, len(policy_ids), POLICIES_AT_A_TIME):
        asked = policy_ids[start : start + POLICIES_AT_A_TIME]
        found.update(_shown_policies(client, asked, sections))
    for policy_id in policy_ids:
        if policy_id not in found:
            message = f"Expensify does not show the policy {policy_id} to these credentials."
            if all_needed:
                raise RequestRefusedError(
                    message,
                    code="policy_not_shown",
                    hint="Correct policy_ids, or use the credentials of an administrator of it.",
                    field="policy_ids",
                    value=policy_id,
                )
            logger.warning("%s It is left out.", message, extra={"code": "policy_not_shown"})
    return found


def _shown_policies(
    client: ExpensifyClient, policy_ids: Sequence[str], sections: Sequence[str]
) -> dict[str, Wire]:
    """The sections of those policies that Expensify shows."""
    settings = {"type": "policy", "policyIDList": list(policy_ids), "fields": list(sections)}
    try:
        answered = client.get(settings).get("policyInfo")
    except NotFoundError:
        # One of them is not to be seen, and Expensify does not say which: half of them at a time.
        middle = len(policy_ids) // 2
        if middle == 0:
            return {}
        first = _shown_policies(client, policy_ids[:middle], sections)
        return first | _shown_policies(client, policy_ids[middle:], sections)
    if not isinstance(answered, dict):
        raise ProtocolError("Expensify's answer has no policies.")
    return {
        policy_id: answered[policy_id]
        for policy_id in policy_ids
        if isinstance(answered.get(policy_id), dict)
    }


def _items(answer: Mapping[str, Any], name: str) -> list[Wire]:
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ProtocolError(f"Expensify's answer has no list {name}.")
    return found

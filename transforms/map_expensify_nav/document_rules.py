"""Which documents a report becomes: what a rules file says under `documents`. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from map_expensify_nav.lookup_rules import BalancingAccount, Lookup  # noqa: TC001 (pydantic reads them)
from map_expensify_nav.rule_model import (
    DATED,
    ONE,
    Effective,
    Misfit,
    RuleModel,
    Text,
    one_or_dated,
    overlaps,
    raise_misfits,
)


class DocumentRule(Effective):
    """What becomes of one part of a report."""

    document: Literal["purchase_invoice", "journal_entry", "skip"] | None = Field(
        default=None,
        description="The NAV document; an invoice with a negative total becomes a credit memo.",
    )
    reason: Text | None = Field(
        default=None, description="Why the part is skipped; required with `skip`."
    )
    vendor: Lookup | None = Field(
        default=None, description="The vendor; required with `purchase_invoice`."
    )
    balancing_account: BalancingAccount | None = Field(
        default=None, description="The other side; required with `journal_entry`."
    )
    accounts: Lookup | None = Field(
        default=None, description="G/L accounts of this part, instead of the file's `accounts`."
    )
    group_by: Literal["report", "expense"] | None = Field(
        default=None, description="One document for the report, or one for each expense."
    )

    @model_validator(mode="after")
    def _fits_the_document(self) -> DocumentRule:
        needed = {
            "purchase_invoice": "vendor",
            "journal_entry": "balancing_account",
            "skip": "reason",
        }
        misfits = []
        if self.document is None and not getattr(self, "by_policy", None):
            misfits.append(
                Misfit(
                    (), "has no document.", "Add document: purchase_invoice, journal_entry or skip."
                )
            )
        for document, key in needed.items():
            given = getattr(self, key) is not None
            if document == self.document and not given:
                misfits.append(
                    Misfit(("document",), f"is {document}, which needs {key}.", f"Add {key}.")
                )
            if document != self.document and given:
                misfits.append(Misfit((key,), f"is only for document: {document}.", "Remove it."))
        if self.document == "skip" and self.group_by is not None:
            misfits.append(Misfit(("group_by",), "is not used with document: skip.", "Remove it."))
        raise_misfits(misfits)
        return self


DocumentRulesByDay = Annotated[
    Annotated[DocumentRule, Tag(ONE)]
    | Annotated[list[DocumentRule], Field(min_length=1), Tag(DATED)],
    Discriminator(one_or_dated),
]
"""A rule, or several of which each holds for some days."""


class FundSourceRule(DocumentRule):
    """What becomes of what was paid out of pocket, or by company card, or of all together."""

    by_policy: dict[str, DocumentRulesByDay] | None = Field(
        default=None,
        description="Policy name or id → a rule, or a list of dated ones, that stands in place of this one for that "
        "policy.",
    )

    @model_validator(mode="after")
    def _one_rule_a_day(self) -> FundSourceRule:
        raise_misfits(
            [
                Misfit(("by_policy", policy, *misfit.path), misfit.message, misfit.suggestion)
                for policy, rules in (self.by_policy or {}).items()
                for misfit in (overlaps(rules) if isinstance(rules, list) else [])
            ]
        )
        return self


FundSourceRules = Annotated[
    Annotated[FundSourceRule, Tag(ONE)]
    | Annotated[list[FundSourceRule], Field(min_length=1), Tag(DATED)],
    Discriminator(one_or_dated),
]
"""A rule, or several of which each holds for some days."""


class DocumentRules(RuleModel):
    """Which documents a report becomes: one for each fund source, or one for all."""

    out_of_pocket: FundSourceRules | None = Field(
        default=None, description="Expenses the employee paid (reimbursable)."
    )
    company_card: FundSourceRules | None = Field(
        default=None, description="Expenses the company paid (not reimbursable)."
    )
    combined: FundSourceRules | None = Field(
        default=None, description="All expenses in one document; instead of the two others."
    )
    unknown_fund_source: Literal["out_of_pocket", "company_card"] | None = Field(
        default=None,
        description="What an expense counts as for which Expensify does not say who paid. Every use is noted. "
        "Without it such a report is held.",
    )

    @model_validator(mode="after")
    def _one_way_or_the_other(self) -> DocumentRules:
        misfits = []
        separate = [name for name in ("out_of_pocket", "company_card") if getattr(self, name)]
        if self.combined is not None:
            misfits += [
                Misfit((name,), "stands beside combined; keep one or the other.")
                for name in separate
            ]
            if self.unknown_fund_source is not None:
                misfits.append(Misfit(("unknown_fund_source",), "is not used with combined."))
        elif len(separate) < 2:  # noqa: PLR2004 (two fund sources)
            misfits.append(
                Misfit(
                    (),
                    "needs out_of_pocket and company_card, or combined.",
                    "document: skip leaves one out.",
                )
            )
        for name in ("out_of_pocket", "company_card", "combined"):
            rules = getattr(self, name)
            misfits += [
                Misfit((name, *misfit.path), misfit.message, misfit.suggestion)
                for misfit in (overlaps(rules) if isinstance(rules, list) else [])
            ]
        raise_misfits(misfits)
        return self

"""Master data over page services: companies, accounts, vendors, dimensions, currencies, posting window.

Whole lists are read and looked at here, since filters on some of NAV's master data pages take many times longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError, ProtocolError
from target_dynamics_nav.nav.odata import code, day, query, text
from target_dynamics_nav.nav.port import Account, Company, DimensionValue, MasterData, Vendor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import Captions

ACCOUNT_TYPES = frozenset({"Posting", "Heading", "Total", "Begin-Total", "End-Total"})
DIMENSION_VALUE_TYPES = frozenset({"Standard", "Heading", "Total", "Begin-Total", "End-Total"})
VENDOR_BLOCKS = frozenset({"", "Payment", "All"})
_NAMES_SHOWN = 20


@dataclass(frozen=True)
class GeneralSetup:
    """A company's General Ledger Setup.

    Attributes:
        local_currency_code: ISO code of its own currency.
        posting_from: First day that may be posted on, or None.
        posting_to: Last day that may be posted on, or None.
        shortcuts: Dimension code of each shortcut dimension by position, 1 to 8; 1 and 2 are the global ones.
    """

    local_currency_code: str
    posting_from: date | None
    posting_to: date | None
    shortcuts: Mapping[int, str]

    @property
    def positions(self) -> dict[str, int]:
        """Position of each shortcut dimension by its code."""
        return {dimension: position for position, dimension in self.shortcuts.items()}


def resolve_company(http: PageHttp, name_or_id: str) -> Company:
    """The company of exactly this name (case counts) or id.

    Raises:
        ConfigurationError: There is none; the message lists those there are.
    """
    companies = [
        Company(id=text(row.get("Id")) or text(row.get("Name")), name=text(row.get("Name")))
        for row in http.rows(None, "Company") or []
    ]
    for company in companies:
        if company.name == name_or_id or company.id.lower() == name_or_id.lower() != "":
            if company.id == company.name != name_or_id:
                continue  # a name in another case, on a server whose companies have no id
            return company
    names = sorted(company.name for company in companies)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    listed = ", ".join(f'"{name}"' for name in names[:_NAMES_SHOWN]) or "none"
    raise ConfigurationError(
        f'NAV has no company "{name_or_id}". There are: {listed}{more}.',
        code="company_unknown",
        hint="Set company to one of these names, upper and lower case as shown, or to an id.",
        field="company",
        value=name_or_id,
    )


class MasterDataReader:
    """Reads what one company knows."""

    def __init__(
        self, http: PageHttp, services: Services, captions: Captions, company: Company
    ) -> None:
        self._http = http
        self._services = services
        self._captions = captions
        self._company = company

    def setup(self) -> GeneralSetup:
        """The company's General Ledger Setup.

        Raises:
            ProtocolError: There is not exactly one, or a date of it is none.
        """
        rows = self._list("general_ledger_setup")
        if len(rows) != 1:
            raise ProtocolError(f"The company {self._company.name} has {len(rows)} ledger setups.")
        row = rows[0]
        shortcuts = {
            position: code(row.get(f"Shortcut_Dimension_{position}_Code"))
            for position in range(3, 9)
        }
        shortcuts |= {
            position: code(
                row.get(f"Global_Dimension_{position}_Code")
                or row.get(f"Shortcut_Dimension_{position}_Code")
            )
            for position in (1, 2)
        }
        return GeneralSetup(
            code(row.get("LCY_Code")),
            _day(row, "Allow_Posting_From"),
            _day(row, "Allow_Posting_To"),
            {position: shortcuts[position] for position in range(1, 9) if shortcuts[position]},
        )

    def read(self, setup: GeneralSetup, username: str | None) -> MasterData:
        """Everything validation needs.

        Args:
            setup: The company's setup.
            username: Who posts, for posting dates of their own.
        """
        posting_from, posting_to = self._user_window(username) or (
            setup.posting_from,
            setup.posting_to,
        )
        dimensions = {
            code(row.get("Code")): bool(row.get("Blocked")) for row in self._list("dimensions")
        }
        return MasterData(
            company=self._company,
            local_currency_code=setup.local_currency_code,
            posting_from=posting_from,
            posting_to=posting_to,
            accounts={account.number: account for account in self._accounts()},
            vendors={vendor.number: vendor for vendor in self._vendors()},
            bank_accounts=self._bank_accounts(),
            dimensions=frozenset(dimensions),
            dimension_values={
                (value.dimension_code, value.code): value
                for value in self._dimension_values(dimensions)
            },
            exchange_rates=self._exchange_rates(),
        )

    def _list(self, purpose: str, *fields: str) -> list[Json]:
        page = self._services.pages[purpose]
        wanted = [name for name in fields if page.has(name)]
        path = page.entity_set + query(select=",".join(wanted) or None)
        return self._http.rows(self._company.name, path) or []

    def _accounts(self) -> list[Account]:
        rows = self._list("accounts", "No", "Name", "Account_Type", "Blocked", "Direct_Posting")
        return [
            Account(
                number=code(row.get("No")),
                name=text(row.get("Name")),
                account_type=self._captions.english(
                    row.get("Account_Type"), ACCOUNT_TYPES, "Account Type of G/L accounts"
                ),
                # a page that does not show these leaves the judgement to NAV
                blocked=bool(row.get("Blocked", False)),
                direct_posting=bool(row.get("Direct_Posting", True)),
            )
            for row in rows
        ]

    def _vendors(self) -> list[Vendor]:
        rows = self._list("vendors", "No", "Name", "Blocked", "Privacy_Blocked", "Currency_Code")
        return [
            Vendor(
                number=code(row.get("No")),
                name=text(row.get("Name")),
                blocked="All"
                if row.get("Privacy_Blocked")
                else self._captions.english(
                    row.get("Blocked"), VENDOR_BLOCKS, "Blocked of vendors"
                ),
                currency_code=code(row.get("Currency_Code")),
            )
            for row in rows
        ]

    def _dimension_values(self, blocked_dimensions: Mapping[str, bool]) -> list[DimensionValue]:
        rows = self._list(
            "dimension_values",
            "Dimension_Code",
            "Code",
            "Name",
            "Dimension_Value_Type",
            "Blocked",
        )
        page = self._services.pages["dimension_values"]
        return [
            DimensionValue(
                dimension_code=code(row.get("Dimension_Code")),
                code=code(row.get("Code")),
                name=text(row.get("Name")),
                blocked=bool(row.get("Blocked"))
                or blocked_dimensions.get(code(row.get("Dimension_Code")), False)
                if page.has("Blocked")
                else None,
                value_type=self._captions.english(
                    row.get("Dimension_Value_Type"),
                    DIMENSION_VALUE_TYPES,
                    "Dimension Value Type",
                )
                if page.has("Dimension_Value_Type")
                else None,
            )
            for row in rows
        ]

    def _bank_accounts(self) -> frozenset[str] | None:
        if not self._services.has("bank_accounts"):
            return None
        return frozenset(code(row.get("No")) for row in self._list("bank_accounts", "No"))

    def _exchange_rates(self) -> dict[str, list[date]] | None:
        if not self._services.has("currencies"):
            return None
        rates: dict[str, list[date]] = {
            code(row.get("Code")): [] for row in self._list("currencies", "Code")
        }
        if not self._services.has("exchange_rates"):
            return {currency: [date.min] for currency in rates}
        for row in self._list("exchange_rates", "Currency_Code", "Starting_Date"):
            starting = _day(row, "Starting_Date")
            if starting is not None:
                rates.setdefault(code(row.get("Currency_Code")), []).append(starting)
        return {currency: sorted(dates) for currency, dates in rates.items()}

    def _user_window(self, username: str | None) -> tuple[date | None, date | None] | None:
        """The posting dates that hold for this user alone; None where the company's hold."""
        if not username or not self._services.has("user_setup"):
            return None
        user = username.rpartition("\\")[2].upper()
        for row in self._list("user_setup", "User_ID", "Allow_Posting_From", "Allow_Posting_To"):
            if code(row.get("User_ID")).rpartition("\\")[2] == user:
                window = _day(row, "Allow_Posting_From"), _day(row, "Allow_Posting_To")
                return window if any(window) else None
        return None


def _day(row: Json, name: str) -> date | None:
    try:
        return day(row.get(name))
    except ValueError as error:
        raise ProtocolError(f"NAV's field {name} holds no date.", code="answer_garbled") from error

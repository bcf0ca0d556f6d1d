"""Made-up expenses: what people of the generated world spend money on, as Expensify exports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.catalogue import CATEGORY_ACCOUNTS, Tag
from expense_sandbox.people import AMERICA, BRITAIN, EUROPE

if TYPE_CHECKING:
    import random


@dataclass(frozen=True)
class Habit:
    """How one category is spent on.

    Attributes:
        category: The category's name.
        weight: How often, relative to the other habits.
        low: Least usual amount, in hundredths.
        high: Highest usual amount, in hundredths.
        card_percent: How many of a hundred are paid by company card.
        merchants: Where.
        comments: What for.
    """

    category: str
    weight: int
    low: int
    high: int
    card_percent: int
    merchants: tuple[str, ...]
    comments: tuple[str, ...]


_COMMON_COMMENTS: Final = ("", "", "Client visit", "Team offsite", "Quarterly review")

HABITS: Final = (
    Habit(
        "Airfare",
        8,
        8_900,
        68_000,
        70,
        ("Lufthansa", "KLM", "British Airways", "Delta Air Lines", "SAS"),
        ("Return flight", "One way, rebooked", *_COMMON_COMMENTS),
    ),
    Habit(
        "Hotel",
        12,
        7_500,
        41_000,
        60,
        ("Hôtel du Nord", "Scandic", "The Grand", "Hyatt Place", "Gasthof zur Post"),
        ("2 nights", "3 nights incl. breakfast", *_COMMON_COMMENTS),
    ),
    Habit(
        "Meals",
        26,
        650,
        8_400,
        20,
        ("Café Olé", "Brasserie Lipp", "Pret A Manger", "Joe's Diner", "大戸屋"),
        ("Lunch", "Dinner with client", "Breakfast", *_COMMON_COMMENTS),
    ),
    Habit(
        "Entertainment",
        4,
        2_500,
        30_000,
        40,
        ("Royal Opera House", "Bowling Alley 10", "Tivoli"),
        ("Customer event", *_COMMON_COMMENTS),
    ),
    Habit(
        "Taxi and Rideshare",
        18,
        780,
        6_900,
        25,
        ("Uber", "Taxi Roma 3570", "Bolt", "Yellow Cab"),
        ("Airport → hotel", "Office to client", *_COMMON_COMMENTS),
    ),
    Habit(
        "Rail",
        10,
        1_150,
        21_000,
        45,
        ("Deutsche Bahn", "SNCF", "Amtrak", "LNER"),
        ("ICE 578", "Season ticket", *_COMMON_COMMENTS),
    ),
    Habit(
        "Office Supplies",
        6,
        350,
        12_000,
        30,
        ("Staples", "Pagro", "Ryman"),
        ("Toner", "Whiteboard markers", *_COMMON_COMMENTS),
    ),
    Habit(
        "Software",
        5,
        900,
        45_000,
        85,
        ("JetBrains s.r.o.", "GitHub", "Adobe"),
        ("Annual licence", *_COMMON_COMMENTS),
    ),
    Habit(
        "Telephone",
        4,
        1_500,
        6_500,
        10,
        ("Vodafone", "Telia", "T-Mobile"),
        ("Mobile, monthly", "Roaming", ""),
    ),
    Habit("Postage", 3, 120, 4_200, 5, ("Post AG", "USPS", "Royal Mail"), ("Contract", "")),
    Habit("Books", 2, 990, 7_900, 20, ("Thalia", "Foyles"), ("Reference book", "")),
    Habit(
        "Conferences & Training",
        3,
        19_900,
        129_000,
        55,
        ("EuroPython", "Gartner", "Messe Wien"),
        ("Ticket", "Workshop day", ""),
    ),
)
_WEIGHTED_HABITS: Final = tuple(habit for habit in HABITS for _ in range(habit.weight))

MILEAGE_PERCENT: Final = 5
_MILEAGE_RATES: Final = {EUROPE: (42, "km"), AMERICA: (67, "mi"), BRITAIN: (45, "mi")}
"""Rate in hundredths and unit, by policy."""

_FOREIGN: Final = {
    EUROPE: (("USD", "0.9213"), ("GBP", "1.1687"), ("CHF", "1.0462")),
    AMERICA: (("EUR", "1.0871"), ("CAD", "0.7318"), ("MXN", "0.0549")),
    BRITAIN: (("EUR", "0.8544"), ("USD", "0.7869")),
}
"""Currencies of a policy's trips abroad, with the rate to the policy's own."""

_FOREIGN_PERCENT: Final = 14
_EDITED_PERCENT: Final = 7

AWKWARD_COMMENTS: Final = (
    'Said "no receipt, no refund" & meant it',
    "Line one\nline two\r\nline three",
    "Stored with entities: Fish &amp; Chips &lt;takeaway&gt; &quot;large&quot;",
    "Celebration 🎉 dinner 👩‍💻 naïve café",
    "Back\\slash, tab\there, {curly} [square] 'single' `back`",
    "${report.total} <#if true>template-like text</#if>",
    "=SUM(A1:A9); --DROP; 100% of it",
    "مرحبا — right to left, שלום",
    (
        "Workshop with the regional partners on the relaunch, including room hire, projector, "
        "lunch for fourteen, two flip charts and the overtime of the caretaker"
    ),
    "   surrounded by spaces   ",
)
AWKWARD_MERCHANTS: Final = (
    (
        "Gasthaus und Fleischerei Zum Goldenen Hirschen, Inhaber Familie Obermoser-Unterkircher, "
        "vormals Gebrüder Ploner & Söhne GmbH & Co. KG"
    ),
    "Marks & Spencer",
    "L'Étoile d'Or",
    'Bar "7" <Lounge>',
    "SQ *COFFEE   #0042",
)


def convert(amount: int, rate: str) -> int:
    """`amount` in another currency at `rate`, rounded half up to whole hundredths."""
    return int((Decimal(amount) * Decimal(rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass
class Spender:
    """Makes expenses for the reports of one policy.

    Attributes:
        randomness: Where the choices come from.
        policy_id: The policy.
        currency: The policy's currency.
        next_transaction_id: Number the next expense gets; counts up.
    """

    randomness: random.Random
    policy_id: str
    currency: str
    next_transaction_id: int = field(default=0)

    def one(self, day: date, tag: Tag, *, on_card: bool | None = None) -> dict[str, Any]:
        """One ordinary expense.

        Args:
            day: The expense's date.
            tag: Its tag.
            on_card: Whether the company card paid; by the category's habit when None.
        """
        randomness = self.randomness
        if on_card is not True and randomness.randint(1, 100) <= MILEAGE_PERCENT:
            return self.mileage(day, tag)
        habit = randomness.choice(_WEIGHTED_HABITS)
        by_habit = randomness.randint(1, 100) <= habit.card_percent
        expense = self.make(
            day,
            tag,
            habit.category,
            randomness.randint(habit.low, habit.high),
            randomness.choice(habit.merchants),
            comment=randomness.choice(habit.comments),
            on_card=by_habit if on_card is None else on_card,
        )
        if randomness.randint(1, 100) <= _EDITED_PERCENT:
            cut = randomness.randint(1, 300)
            expense["modifiedAmount"] = expense["amount"] - min(cut, expense["amount"] // 4)
            expense["modifiedMerchant"] = f"{expense['merchant']} (corrected)"
            expense["modifiedCreated"] = expense["created"]
        if randomness.randint(1, 100) <= _FOREIGN_PERCENT:
            self._spend_abroad(expense)
        return expense

    def mileage(self, day: date, tag: Tag) -> dict[str, Any]:
        """A distance expense, out of pocket."""
        distance = self.randomness.randint(12, 480)
        rate, unit = _MILEAGE_RATES[self.policy_id]
        expense = self.make(
            day,
            tag,
            "Mileage",
            distance * rate,
            f"{distance} {unit} @ {self.currency} 0.{rate} / {unit}",
            comment="Own car",
        )
        expense["type"] = "distance"
        expense["units"] = {"count": distance, "rate": rate, "unit": unit}
        expense["receiptID"] = ""
        expense["receiptFilename"] = ""
        return expense

    def refund(self, expense: dict[str, Any]) -> dict[str, Any]:
        """A partial refund of an expense, paid the same way in the report's currency."""
        amount = expense["amount"] // 3 + 1
        refund = self.make(
            date.fromisoformat(expense["created"]),
            None,
            expense["category"],
            -min(amount, 9_000),
            expense["merchant"],
            comment="Partial refund",
            on_card=not expense["reimbursable"],
        )
        names = [name for name in expense if name.startswith(("tag", "ntag"))]
        return refund | {name: expense[name] for name in names}

    def make(
        self,
        day: date,
        tag: Tag | None,
        category: str,
        amount: int,
        merchant: str,
        *,
        comment: str = "",
        on_card: bool = False,
    ) -> dict[str, Any]:
        """An expense in the report's own currency, never edited.

        Args:
            day: The expense's date.
            tag: Its tag; None leaves it untagged.
            category: Category name.
            amount: Hundredths of the currency; negative for a refund.
            merchant: The merchant's name.
            comment: Description.
            on_card: Whether it was paid by company card (not reimbursable).
        """
        self.next_transaction_id += 1
        transaction_id = str(4_056_343_049_275_000_000 + self.next_transaction_id)
        receipt = f"w_{transaction_id[-10:]}.jpg"
        return (
            expense_fields(
                transaction_id=transaction_id,
                day=day,
                currency=self.currency,
                amount=amount,
                merchant=merchant,
                category=category,
                comment=comment,
                inserted=datetime(day.year, day.month, day.day, 18, 4, 27),  # noqa: DTZ001 - UTC
            )
            | {
                **(tag.fields() if tag is not None else {}),
                "categoryGlCode": CATEGORY_ACCOUNTS.get(category, ""),
                "bank": "commercialfeed.visa.cdf" if on_card else "",
                "billable": self.randomness.randint(1, 10) == 1,
                "reimbursable": not on_card,
                "mcc": 0 if not on_card else self.randomness.choice((3008, 4121, 5812, 7011)),
                "receiptID": transaction_id[-10:],
                "receiptFilename": receipt,
                "receiptObject": {
                    "url": f"https://www.expensify.com/receipts/{receipt}",
                    "transactionID": transaction_id,
                    "type": "jpg",
                },
            }
        )

    def _spend_abroad(self, expense: dict[str, Any]) -> None:
        currency, rate = self.randomness.choice(_FOREIGN[self.policy_id])
        spent = expense["modifiedAmount"] if expense["modifiedAmount"] != "" else expense["amount"]
        expense["currency"] = currency
        expense["currencyConversionRate"] = float(rate)
        expense["convertedAmount"] = convert(spent, rate)


def expense_fields(
    *,
    transaction_id: str,
    day: date,
    currency: str,
    amount: int,
    merchant: str,
    category: str,
    comment: str,
    inserted: datetime,
) -> dict[str, Any]:
    """Every field an exported expense has, with `""` where nothing is set."""
    return {
        "transactionID": transaction_id,
        "reportID": "",
        "type": "expense",
        "amount": amount,
        "modifiedAmount": "",
        "convertedAmount": "",
        "currency": currency,
        "currencyConversionRate": 1,
        "created": day.isoformat(),
        "modifiedCreated": "",
        "inserted": f"{inserted:%Y-%m-%d %H:%M:%S}",
        "merchant": merchant,
        "modifiedMerchant": "",
        "category": category,
        "categoryGlCode": "",
        "categoryPayrollCode": "",
        "tag": "",
        "tagGlCode": "",
        "comment": comment,
        "bank": "",
        "billable": False,
        "reimbursable": True,
        "hasTax": False,
        "taxAmount": "",
        "modifiedTaxAmount": "",
        "taxName": "",
        "taxRate": "",
        "taxRateName": "",
        "taxCode": "",
        "mcc": 0,
        "modifiedMCC": "",
        "attendees": [],
        "receiptID": "",
        "receiptFilename": "",
        "receiptObject": {},
    }

"""Posts purchase invoices by `ms-dynamics-business-central-sdk`, in its own way.

Runs in the environment of that client: nav_sdk_client.py URL FEED. Its two hard-coded addresses are
set to the sandbox's. As its users do, it makes a header, then all lines by `bulk_post`, then one
request a dimension; it has no call to post with, so the last request is plain `requests`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests
from dynamics.core.client import Dynamics

URL, FEED = sys.argv[1], Path(sys.argv[2])
COMPANY = "CRONUS Benchmark"

Dynamics.TOKEN_URL = f"{URL}/organizations/oauth2/v2.0/token"
Dynamics.BASE_URL = f"{URL}/v2.0/{{environment}}/api/v2.0"


def connect(company_id: str | None = None) -> Dynamics:
    """A connection; each refreshes the access token."""
    return Dynamics("benchmark", "not-a-secret", "not-a-secret", "Production", company_id)


def main() -> None:
    """Posts every record of the feed."""
    company_id = next(row["id"] for row in connect().companies.get_all() if row["name"] == COMPANY)
    nav = connect(company_id)
    dimensions = {row["code"]: row["id"] for row in nav.dimensions.get_all_dimensions()}
    values = {
        (code, row["code"]): row["id"]
        for code, dimension_id in dimensions.items()
        for row in nav.dimensions.get_all_dimension_values(dimension_id)
    }
    with FEED.open(encoding="utf-8") as feed:
        for line in feed:
            message = json.loads(line)
            if message["type"] == "RECORD":
                post(nav, company_id, message["record"], dimensions, values)


def post(
    nav: Dynamics,
    company_id: str,
    document: dict,
    dimensions: dict[str, str],
    values: dict[tuple[str, str], str],
) -> None:
    """Header, lines, dimensions, posting of one document."""
    invoice = nav.purchase_invoices.post(
        {
            "vendorNumber": document["vendor_number"],
            "vendorInvoiceNumber": document["document_key"],
            "invoiceDate": document["document_date"],
            "postingDate": document["posting_date"],
        }
    )
    lines = [
        {
            "lineType": "Account",
            "lineObjectNumber": line["account_number"],
            "description": line["description"],
            "unitCost": float(line["amount"]),
            "quantity": 1,
        }
        for line in document["lines"]
    ]
    # Its batch address grows "?company=…" with every call; this sets it back, without a request.
    nav.set_batch_url()
    answer = nav.purchase_invoice_line_items.bulk_post(invoice["id"], lines, company_id)
    for line, made in zip(document["lines"], answer["responses"], strict=True):
        for dimension in line["dimensions"]:
            code, value = dimension["code"], dimension["value"]
            nav.purchase_invoice_line_items.post_purchase_invoice_dimensions(
                made["body"]["id"],
                {
                    "id": dimensions[code],
                    "code": code,
                    "valueId": values[code, value],
                    "valueCode": value,
                },
            )
    posted = requests.post(
        f"{URL}/v2.0/Production/api/v2.0/companies({company_id})"
        f"/purchaseInvoices({invoice['id']})/Microsoft.NAV.post",
        headers={"Content-Length": "0"},
        auth=("BENCHMARK", "not-a-secret"),
        timeout=60,
    )
    if posted.status_code != requests.codes.no_content:
        sys.exit(posted.text)


if __name__ == "__main__":
    main()

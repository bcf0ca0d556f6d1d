"""The settings of the target, as JSON Schema for Singer and for `--about`."""

from __future__ import annotations

from singer_sdk import typing as th

CONFIG_JSONSCHEMA = th.PropertiesList(
    th.Property(
        "dialect",
        th.StringType(),
        default="api_v2",
        allowed_values=["api_v2"],
        description="How to talk to NAV: api_v2 is Business Central's API v2.0, online or on-premises.",
    ),
    th.Property(
        "base_url",
        th.StringType(),
        required=True,
        description="Address of the API, up to and including /api/v2.0.",
    ),
    th.Property(
        "company",
        th.StringType(),
        required=True,
        description="Name or id of the NAV company for documents that name none themselves.",
    ),
    th.Property(
        "auth_method",
        th.StringType(),
        default="oauth2",
        allowed_values=["oauth2", "basic"],
        description="oauth2: Entra ID client credentials. basic: user name and web service access key (on-premises).",
    ),
    th.Property(
        "token_url",
        th.StringType(),
        description="oauth2: token endpoint; by default Entra ID's endpoint of tenant_id.",
    ),
    th.Property(
        "tenant_id", th.StringType(), description="oauth2: Entra tenant, as id or verified domain."
    ),
    th.Property(
        "client_id",
        th.StringType(),
        description="oauth2: application (client) id of the app registration.",
    ),
    th.Property(
        "client_secret",
        th.StringType(),
        secret=True,
        description="oauth2: secret of the app registration.",
    ),
    th.Property("username", th.StringType(), description="basic: NAV user name."),
    th.Property(
        "password",
        th.StringType(),
        secret=True,
        description="basic: web service access key of that user.",
    ),
    th.Property(
        "mode",
        th.StringType(),
        default="post",
        allowed_values=["post", "draft", "preview"],
        description="post: post documents. draft: leave verified drafts for a person to post. "
        "preview: check everything and write nothing.",
    ),
    th.Property(
        "ledger_url",
        th.StringType(),
        default="sqlite:///output/audit-ledger.sqlite3",
        secret=True,
        description="SQLAlchemy URL of the audit ledger. The folder of a SQLite file is made if it is missing.",
    ),
    th.Property(
        "fail_on_held",
        th.BooleanType(),
        default=False,
        description="Exit with 65 when documents are held or changed, for schedulers that should raise an alarm.",
    ),
    th.Property(
        "ignore_streams",
        th.ArrayType(th.StringType()),
        default=[],
        description="Names or patterns of streams that hold no documents and may be ignored; any other stream is "
        "an error, so that reports never pass unmapped.",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=300,
        description="Seconds to wait for an answer of NAV.",
    ),
    th.Property(
        "retry_seconds",
        th.IntegerType(minimum=1),
        default=300,
        description="How long a request that may be repeated is tried before NAV counts as down.",
    ),
    th.Property(
        "requests_per_five_minutes",
        th.IntegerType(minimum=1),
        default=5000,
        description="How many requests are sent to NAV in any five minutes; Business Central online allows 6,000.",
    ),
).to_dict()

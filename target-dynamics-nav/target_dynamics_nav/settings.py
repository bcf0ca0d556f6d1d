"""The settings of the target, as JSON Schema for Singer and for `--about`."""

from __future__ import annotations

from singer_sdk import typing as th

from target_dynamics_nav.alerts.settings import ALERT_PROPERTIES

_TEXTS = th.ObjectType(additional_properties=th.StringType())

CONFIG_JSONSCHEMA = th.PropertiesList(
    th.Property(
        "dialect",
        th.StringType(),
        default="api_v2",
        allowed_values=["api_v2", "odata_v4", "soap"],
        description="How to talk to NAV. api_v2: Business Central's API v2.0, online or on-premises (17 and later). "
        "odata_v4: published pages, NAV 2017 and later. soap: published pages and codeunits, NAV 2013 R2 and later.",
    ),
    th.Property(
        "base_url",
        th.StringType(),
        required=True,
        description="api_v2: address of the API, up to and including /api/v2.0. odata_v4, soap: address of the server "
        "instance, https://server:7048/instance (soap: port 7047).",
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
        allowed_values=["oauth2", "basic", "ntlm"],
        description="oauth2: Entra ID client credentials. On-premises also basic: user name and web service access "
        "key; ntlm: Windows user and password.",
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
    th.Property(
        "oauth_scope",
        th.StringType(),
        default="https://api.businesscentral.dynamics.com/.default",
        description="oauth2: scope to ask for; on-premises api://<application id>/.default, as in the server's "
        "ValidAudiences.",
    ),
    th.Property(
        "username",
        th.StringType(),
        description="basic: NAV user name. ntlm: Windows user as DOMAIN\\user.",
    ),
    th.Property(
        "password",
        th.StringType(),
        secret=True,
        description="basic: web service access key of that user. ntlm: the user's Windows password.",
    ),
    th.Property(
        "ca_file",
        th.StringType(),
        description="On-premises: PEM file with the authority that signed the server's certificate, in place of those "
        "the machine trusts.",
    ),
    th.Property(
        "allow_plain_http",
        th.BooleanType(),
        default=False,
        description="On-premises: send password and documents unencrypted to a server without a certificate. Anybody "
        "on the network can read them.",
    ),
    th.Property(
        "nav_tenant",
        th.StringType(),
        description="On-premises: tenant of a multi-tenant server instance (?tenant=).",
    ),
    th.Property(
        "services",
        _TEXTS,
        default={},
        description="odata_v4, soap: names of published services that are not the usual ones, by purpose: "
        '{"vendors": "Vendor_List"}. nav-doctor lists the purposes.',
    ),
    th.Property(
        "option_captions",
        _TEXTS,
        default={},
        description="odata_v4: words of a server that does not write options in English, by the English ones: "
        '{"G/L Account": "Sachkonto"}.',
    ),
    th.Property(
        "post",
        th.StringType(),
        default="required",
        allowed_values=["required", "if_possible", "never"],
        description="odata_v4, soap: pages cannot post, a published codeunit can. required: do not start without one. "
        "if_possible: leave verified drafts for a person where there is none. never: always leave drafts.",
    ),
    th.Property(
        "posting_service",
        th.StringType(),
        default="ExpensePosting",
        description="odata_v4, soap: service name of the published codeunit that posts.",
    ),
    th.Property(
        "posting_actions",
        _TEXTS,
        default={},
        description="odata_v4: other actions that post, by stream: NAV.<name> for a function of the published page, "
        'else an unbound action: {"purchase_invoices": "NAV.Post"}.',
    ),
    th.Property(
        "journal_template",
        th.StringType(),
        default="GENERAL",
        description="odata_v4, soap: general journal template in which each journal entry gets a batch of its own.",
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
        "on_changed",
        th.StringType(),
        default="hold",
        allowed_values=["hold", "correct"],
        description="What to do about a report that differs from what was posted. hold: write nothing and say what "
        "differs. correct: take the posting back by a credit memo (or a reversing journal) and post it anew.",
    ),
    th.Property(
        "refused_drafts",
        th.StringType(),
        default="remove",
        allowed_values=["remove", "keep"],
        description="What becomes of a draft that NAV refuses to post: remove it, or keep it in NAV for a person.",
    ),
    th.Property(
        "attachments",
        th.BooleanType(),
        default=False,
        description="Attach receipts that come with a document to the posted document in NAV. They never keep a "
        "document from being posted.",
    ),
    th.Property(
        "attachment_folder",
        th.StringType(),
        description="Folder of receipts that are given as files. Without it, only receipts given by address are "
        "attached.",
    ),
    th.Property(
        "attachment_megabytes",
        th.IntegerType(minimum=1, maximum=350),
        default=20,
        description="Receipts larger than this are left out, with a note in the audit ledger.",
    ),
    th.Property(
        "window",
        th.IntegerType(minimum=1),
        default=400,
        description="How many documents are taken through the posting protocol together. 1: one after the other.",
    ),
    th.Property(
        "batch_operations",
        th.IntegerType(minimum=1, maximum=100),
        default=100,
        description="How many operations go into one $batch request; 1 sends each on its own. NAV has to finish a "
        "batch within its time limit for one request (eight minutes online).",
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
        description="How many requests are sent to NAV in any five minutes. By default 5,000 with api_v2, as Business "
        "Central online allows 6,000; more than can be sent with the others.",
    ),
    *ALERT_PROPERTIES,
).to_dict()

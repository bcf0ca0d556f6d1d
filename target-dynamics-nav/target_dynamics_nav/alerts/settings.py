"""The settings of alerts: as JSON Schema, and as what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from target_dynamics_nav.catalogue import DOCS_URL
from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.transport import checked_address, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

OCCASIONS = ("held", "changed", "aged", "run_failed")
EXTRAS = ("report_names", "submitters", "messages")
_TEXTS = th.ArrayType(th.StringType())

ALERT_PROPERTIES = (
    th.Property(
        "alert_webhook_url",
        th.StringType(),
        secret=True,
        description="Alerts: address that gets a JSON message after a run that leaves something to do. Its field text "
        "is what chat services with incoming webhooks show.",
    ),
    th.Property(
        "alert_email_to",
        _TEXTS,
        default=[],
        description="Alerts: e-mail addresses that get the same as a text.",
    ),
    th.Property(
        "alert_email_from", th.StringType(), description="Alerts: sender of these e-mails."
    ),
    th.Property(
        "alert_smtp_host", th.StringType(), description="Alerts: mail server that takes them."
    ),
    th.Property(
        "alert_smtp_port",
        th.IntegerType(minimum=1, maximum=65535),
        description="Alerts: its port; by default 587, with tls 465, with none 25.",
    ),
    th.Property(
        "alert_smtp_security",
        th.StringType(),
        default="starttls",
        allowed_values=["starttls", "tls", "none"],
        description="Alerts: how the way to the mail server is encrypted. none is for a mail server on this machine "
        "only.",
    ),
    th.Property(
        "alert_smtp_username",
        th.StringType(),
        description="Alerts: user at the mail server, where it asks for one.",
    ),
    th.Property(
        "alert_smtp_password",
        th.StringType(),
        secret=True,
        description="Alerts: password of that user.",
    ),
    th.Property(
        "alert_on",
        th.ArrayType(th.StringType(allowed_values=list(OCCASIONS))),
        default=list(OCCASIONS),
        description="Alerts: what is worth one. held, changed: documents of the run that wait for a person. aged: "
        "documents in the ledger that wait for longer than alert_aged_days. run_failed: an error stopped the run.",
    ),
    th.Property(
        "alert_aged_days",
        th.IntegerType(minimum=1),
        default=7,
        description="Alerts: after how many days of waiting a document is aged.",
    ),
    th.Property(
        "alert_include",
        th.ArrayType(th.StringType(allowed_values=list(EXTRAS))),
        default=[],
        description="Alerts: what a message may say beyond ids, codes and amounts: report_names, submitters (personal "
        "data), messages (reasons in words, which may name people).",
    ),
    th.Property(
        "docs_url",
        th.StringType(),
        default=DOCS_URL,
        description="Where the error catalogue is, for the links in log and alerts; {code} stands for the code.",
    ),
)


@dataclass(frozen=True)
class Webhook:
    """Where a JSON message goes. The address is a secret."""

    url: str


@dataclass(frozen=True)
class Mail:
    """Where an e-mail goes, and by which server.

    Attributes:
        security: "starttls", "tls" or "none".
    """

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: str
    username: str | None
    password: str | None


@dataclass(frozen=True)
class AlertSettings:
    """What is told to whom, and when."""

    webhook: Webhook | None
    mail: Mail | None
    occasions: frozenset[str]
    aged_days: int
    include: frozenset[str]
    docs_url: str

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to tell, of anything."""
        return bool((self.webhook or self.mail) and self.occasions)


def alert_settings(config: Mapping[str, Any]) -> AlertSettings:
    """The settings of alerts.

    Args:
        config: The target's settings, with their defaults.

    Raises:
        ConfigurationError: They are not complete, an address is not one, or the way there would not be encrypted.
    """
    url = config.get("alert_webhook_url")
    return AlertSettings(
        webhook=Webhook(_webhook_url(url)) if url else None,
        mail=_mail(config) if config.get("alert_email_to") else None,
        occasions=frozenset(config.get("alert_on", OCCASIONS)),
        aged_days=int(config.get("alert_aged_days", 7)),
        include=frozenset(config.get("alert_include", ())),
        docs_url=config.get("docs_url") or DOCS_URL,
    )


def _webhook_url(url: str) -> str:
    """The address, which may have a query: some services put their key there."""
    address, question, query = url.partition("?")
    try:
        checked_address("alert_webhook_url", address)
    except ConfigurationError as error:
        raise ConfigurationError(
            "alert_webhook_url is no https address.",
            code=error.code,
            hint="Copy the whole address of the webhook; it begins with https:// (http:// on this machine only).",
            field="alert_webhook_url",  # its value is a secret, and not repeated
        ) from None
    return f"{address}{question}{query}"


def _mail(config: Mapping[str, Any]) -> Mail:
    for name in ("alert_email_from", "alert_smtp_host"):
        if not config.get(name):
            raise ConfigurationError(
                f"The setting {name} is missing.",
                code="setting_missing",
                hint=f"Alerts by e-mail need {name}; to have none, empty alert_email_to.",
                field=name,
            )
    sender, recipients = config["alert_email_from"], tuple(config["alert_email_to"])
    _require_addresses("alert_email_from", (sender,))
    _require_addresses("alert_email_to", recipients)
    host, security = config["alert_smtp_host"], config.get("alert_smtp_security", "starttls")
    if security == "none" and not is_loopback(host):
        raise ConfigurationError(
            "alert_smtp_security is none, and the mail server is not on this machine.",
            code="address_not_encrypted",
            hint="Set alert_smtp_security to starttls or tls.",
            field="alert_smtp_security",
        )
    username, password = config.get("alert_smtp_username"), config.get("alert_smtp_password")
    if username and not password:
        raise ConfigurationError(
            "The setting alert_smtp_password is missing.",
            code="setting_missing",
            hint="Set it, or leave out alert_smtp_username for a mail server that asks for none.",
            field="alert_smtp_password",
        )
    return Mail(
        to=recipients,
        sender=sender,
        host=host,
        port=config.get("alert_smtp_port") or {"starttls": 587, "tls": 465}.get(security, 25),
        security=security,
        username=username or None,
        password=password or None,
    )


def _require_addresses(setting: str, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        try:
            parsed = Address(addr_spec=address)
        except (ValueError, IndexError) as error:
            raise _no_address(setting) from error
        if not parsed.username or not parsed.domain:
            raise _no_address(setting)


def _no_address(setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"{setting} has something that is no e-mail address.",
        code="setting_wrong",
        hint="Write addresses alone, as name@example.com, without display names.",
        field=setting,
    )

"""The credentials a sandbox lets in: from the environment, or made up at start."""

from __future__ import annotations

import os
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from expense_sandbox.nav.auth import NavCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES: Final = {
    "TAP_EXPENSIFY_PARTNER_USER_ID": "SANDBOX_EXPENSIFY_USER_ID",
    "TAP_EXPENSIFY_PARTNER_USER_SECRET": "SANDBOX_EXPENSIFY_USER_SECRET",
    "TARGET_DYNAMICS_NAV_TENANT_ID": "SANDBOX_NAV_TENANT_ID",
    "TARGET_DYNAMICS_NAV_CLIENT_ID": "SANDBOX_NAV_CLIENT_ID",
    "TARGET_DYNAMICS_NAV_CLIENT_SECRET": "SANDBOX_NAV_CLIENT_SECRET",
    "TARGET_DYNAMICS_NAV_USERNAME": "SANDBOX_NAV_USERNAME",
    "TARGET_DYNAMICS_NAV_PASSWORD": "SANDBOX_NAV_PASSWORD",
}
"""The plug-ins' settings, and the variables by which the sandbox is told to accept them."""


@dataclass(frozen=True)
class ExpensifyCredentials:
    """A pair as https://www.expensify.com/tools/integrations/ gives them."""

    user_id: str
    user_secret: str = field(repr=False)


@dataclass(frozen=True)
class SandboxCredentials:
    """What both servers let in."""

    expensify: ExpensifyCredentials
    nav: NavCredentials

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> SandboxCredentials:
        """Read the `SANDBOX_…` variables; what is unset or empty is made up at random.

        Args:
            environment: The variables; this process's when None.
        """
        variables = os.environ if environment is None else environment
        made_up = {
            "TAP_EXPENSIFY_PARTNER_USER_ID": "aa_accounting_northwind_example",
            "TAP_EXPENSIFY_PARTNER_USER_SECRET": secrets.token_hex(20),
            "TARGET_DYNAMICS_NAV_TENANT_ID": str(uuid.uuid4()),
            "TARGET_DYNAMICS_NAV_CLIENT_ID": str(uuid.uuid4()),
            "TARGET_DYNAMICS_NAV_CLIENT_SECRET": secrets.token_urlsafe(30),
            "TARGET_DYNAMICS_NAV_USERNAME": "ACCOUNTING",
            "TARGET_DYNAMICS_NAV_PASSWORD": secrets.token_urlsafe(24),
        }
        values = {
            setting: variables.get(variable) or made_up[setting]
            for setting, variable in VARIABLES.items()
        }
        return cls(
            ExpensifyCredentials(
                values["TAP_EXPENSIFY_PARTNER_USER_ID"],
                values["TAP_EXPENSIFY_PARTNER_USER_SECRET"],
            ),
            NavCredentials(
                tenant_id=values["TARGET_DYNAMICS_NAV_TENANT_ID"],
                client_id=values["TARGET_DYNAMICS_NAV_CLIENT_ID"],
                client_secret=values["TARGET_DYNAMICS_NAV_CLIENT_SECRET"],
                username=values["TARGET_DYNAMICS_NAV_USERNAME"],
                password=values["TARGET_DYNAMICS_NAV_PASSWORD"],
            ),
        )

    @classmethod
    def made_up(cls) -> SandboxCredentials:
        """Credentials nobody has used before."""
        return cls.from_environment({})

    def settings(self) -> dict[str, str]:
        """The settings by which the plug-ins present these credentials, as environment variables.

        The values are secrets.
        """
        return {
            "TAP_EXPENSIFY_PARTNER_USER_ID": self.expensify.user_id,
            "TAP_EXPENSIFY_PARTNER_USER_SECRET": self.expensify.user_secret,
            "TARGET_DYNAMICS_NAV_TENANT_ID": self.nav.tenant_id,
            "TARGET_DYNAMICS_NAV_CLIENT_ID": self.nav.client_id,
            "TARGET_DYNAMICS_NAV_CLIENT_SECRET": self.nav.client_secret,
            "TARGET_DYNAMICS_NAV_USERNAME": self.nav.username,
            "TARGET_DYNAMICS_NAV_PASSWORD": self.nav.password,
        }

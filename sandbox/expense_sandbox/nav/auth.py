"""Who may talk to the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class NavCredentials:
    """The one app registration and the one user this NAV knows.

    Attributes:
        tenant_id: Entra tenant, part of the token endpoint's path.
        client_id: The app registration.
        client_secret: Its secret.
        username: User for Basic authentication.
        password: That user's web service access key.
    """

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)

"""Sends an alert by e-mail: one message, one attempt."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING

from target_dynamics_nav.alerts.failure import NotSentError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from target_dynamics_nav.alerts.settings import Mail

TIMEOUT_SECONDS = 10.0


def send(mail: Mail, message: EmailMessage) -> None:
    """Hand a message to the mail server.

    With "starttls", a server that does not offer encryption gets neither message nor password.

    Raises:
        NotSentError: It was not taken, or nobody knows; without the server's words, which may repeat what it was told.
    """
    try:
        with _connected(mail) as server:
            if mail.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.username and mail.password:
                server.login(mail.username, mail.password)
            refused = server.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise NotSentError("it does not accept user and password") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise NotSentError("it accepts none of the recipients") from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotSentError("it does not offer the encryption or login that is set") from error
    except smtplib.SMTPResponseException as error:
        raise NotSentError(f"it answered {error.smtp_code}") from error
    except ssl.SSLError as error:
        raise NotSentError("its certificate is not trusted, or it does not speak TLS") from error
    except TimeoutError as error:
        raise NotSentError("it did not answer in time") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSentError("it could not be reached") from error
    if refused:
        raise NotSentError(f"it refused {len(refused)} of {len(mail.to)} recipients")


def _connected(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    return smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_SECONDS)

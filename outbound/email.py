"""E-mail by SMTP, with a Message-ID that is the same at each try.

Apprise has e-mail too, but makes another Message-ID at each try, so that a receiver can't tell that a message came
twice (decision 0038).
"""

import asyncio
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from outbound.sent import Outcome, Sent, not_connected
from outbound.settings import NotificationSettings
from schemas.notification.message import Content, Message
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: One address, without a name: what is before the @ as RFC 5321 has it without quotes, and a host with a dot.
ADDRESS: Final = re.compile(
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$", re.ASCII
)
MAX_ADDRESS_CHARACTERS: Final = 254


def is_address(text: str) -> bool:
    """Return True for one address of e-mail."""
    return len(text) <= MAX_ADDRESS_CHARACTERS and ADDRESS.fullmatch(text) is not None


def masked(address: str) -> str:
    """Return an address as pages and logs show it: the first letter, and the host."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


def message_id(message: Message, sender: str) -> str:
    """Return the Message-ID of a message, the same at each try."""
    return f"<{message.id}@{sender.rpartition('@')[2]}>"


def email_of(message: Message, content: Content, sender: str, to: str) -> EmailMessage:
    """Write a message as e-mail: plain text, and the same as HTML."""
    email = EmailMessage(policy=SMTP)
    email["Subject"] = content.title
    email["From"] = f"Conexões <{sender}>"
    email["To"] = to
    email["Date"] = format_datetime(message.made_at)  # of the message, so that each try has the same content
    email["Message-ID"] = message_id(message, sender)
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if message.thread is not None:
        email["References"] = f"<{message.thread}@{sender.rpartition('@')[2]}>"
    email["X-Conexoes-Language"] = content.language
    email.set_content(content.text)
    email.add_alternative(content.html, subtype="html")
    return email


async def send_email(settings: NotificationSettings, message: Message, content: Content, to: str) -> Sent:
    """Send one e-mail to one address. Waits `notification_timeout_seconds` at most."""
    sender = settings.smtp_from
    if settings.smtp_host is None or sender is None:
        return Sent("again", Reason(ReasonCode.SMTP_NOT_SET))
    password = settings.smtp_password
    try:
        async with asyncio.timeout(settings.notification_timeout_seconds):
            await aiosmtplib.send(
                email_of(message, content, sender, to),
                sender=sender,
                recipients=[to],
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user,
                password=None if password is None else password.get_secret_value(),
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                timeout=settings.notification_timeout_seconds,
            )
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
        return failure(exc)
    return Sent("sent")


def failure(exc: Exception) -> Sent:
    """Say what an error of SMTP means. Its text is not told, since it may have the address."""
    if isinstance(exc, aiosmtplib.SMTPRecipientsRefused):
        code = max((each.code for each in exc.recipients), default=0)
        return Sent(_by_code(code), Reason(ReasonCode.SMTP_RECIPIENT_REFUSED, status=code))
    if isinstance(exc, aiosmtplib.SMTPAuthenticationError):
        # A mistake of the installation, which somebody mends: no message is lost by it.
        return Sent("again", Reason(ReasonCode.SMTP_LOGIN_REFUSED, status=exc.code))
    if isinstance(exc, aiosmtplib.SMTPResponseException):
        return Sent(_by_code(exc.code), Reason(ReasonCode.SMTP_REFUSED, status=exc.code))
    return Sent("again", not_connected(exc))


def _by_code(code: int) -> Outcome:
    """Return what a code of SMTP means: 5xx is never, RFC 5321 section 4.2.1."""
    return "refused" if 500 <= code < 600 else "again"

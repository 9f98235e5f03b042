"""TLS and SASL of a connection to Kafka. Reads certificates; opens no connection."""

import ssl
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class BadSecurityError(ValueError):
    """Settings that contradict each other, or a file that can't be used. `field` names it, `reason` says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.field = name
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Security:
    """Security settings, named as Kafka names them. The default has no encryption and no login.

    Kafka's certificate and host name are always verified; that can't be turned off. Files are read once, when the
    object is made. Not promised: OAUTHBEARER, GSSAPI, and keys that are encrypted with a password.
    Raises BadSecurityError also for a setting that would have no effect: a password is given to be used.
    """

    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: Path | str | None = None  # PEM; None: the system's certificate authorities
    ssl_certfile: Path | str | None = None  # PEM, with the chain: for a Kafka that requires client certificates
    ssl_keyfile: Path | str | None = None  # PEM; None: in ssl_certfile

    def __post_init__(self) -> None:
        for name, words in (("security_protocol", SecurityProtocol), ("sasl_mechanism", SaslMechanism)):
            if getattr(self, name) not in get_args(words):
                raise BadSecurityError(name, f"must be one of {', '.join(get_args(words))}")
        for name in ("sasl_username", "sasl_password"):
            if self.logs_in and not getattr(self, name):
                raise BadSecurityError(name, f"is missing: {self.security_protocol} logs in")
            if not self.logs_in and getattr(self, name):
                raise BadSecurityError(name, f"is given, and {self.security_protocol} does not log in")
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            if not self.encrypts and getattr(self, name):
                raise BadSecurityError(name, f"is given, and {self.security_protocol} does not encrypt")
        if self.ssl_keyfile and not self.ssl_certfile:
            raise BadSecurityError("ssl_certfile", "is missing: there is a key and no certificate")
        _ = self.ssl_context  # raises now for a file that can't be used

    @property
    def logs_in(self) -> bool:
        return self.security_protocol.startswith("SASL_")

    @property
    def encrypts(self) -> bool:
        return self.security_protocol.endswith("SSL")

    @cached_property
    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context; None without encryption."""
        if not self.encrypts:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
        except OSError as exc:  # ssl.SSLError is one
            raise BadSecurityError("ssl_cafile", _unusable(self.ssl_cafile, exc)) from exc
        if self.ssl_certfile:
            try:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile, password=_refuse)
            except (OSError, _EncryptedKeyError) as exc:
                name = "ssl_keyfile" if self.ssl_keyfile else "ssl_certfile"
                files = " and ".join(str(each) for each in (self.ssl_certfile, self.ssl_keyfile) if each)
                raise BadSecurityError(name, _unusable(files, exc)) from exc
        return context

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for aiokafka's clients."""
        login = {
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
        }
        return {
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context,
            **(login if self.logs_in else {}),
        }


class _EncryptedKeyError(Exception):
    pass


def _refuse() -> str:
    """Refuse an encrypted key.

    OpenSSL would ask for its password on the terminal, and a service would wait for ever.
    """
    raise _EncryptedKeyError("the key is encrypted with a password; give one that is not")


def _unusable(files: object, exc: Exception) -> str:
    return f"{files} can't be used: {getattr(exc, 'strerror', None) or exc}"


#: The security of the embedded Kafka, and of most internal networks.
PLAINTEXT = Security()

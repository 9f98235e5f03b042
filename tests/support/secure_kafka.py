"""A real Kafka that lets nobody in without a name: TLS, logins, certificates of clients, and access lists."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import trustme
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives import serialization

from embedded.jars import kafka_classpath
from embedded.java import find_java
from embedded.kafka import FORMAT_OPTIONS, JVM_OPTIONS, answers
from embedded.kafka_config import server_properties
from embedded.kafka_directory import format_arguments
from embedded.ports import LOOPBACK, free_ports
from embedded.process import Command, stop
from tests.support.kafka_admin import admin_of
from tests.support.waiting import eventually

#: Passwords by login.
LOGINS = {name: f"{name}'s own" for name in ("agents", "admin", "topics", "connector", "nobody")}
# Of the protocol (org.apache.kafka.common.acl and .resource); aiokafka has no words for them.
_KINDS = {"Topic": 2, "Group": 3}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}
_LITERAL, _PREFIXED = 3, 4
_ALLOW = 3
_STOP_SECONDS = 20.0
_FORMAT_SECONDS = 60.0


class Grant(NamedTuple):
    """One right, in the words of Kafka's documentation."""

    kind: str  # Topic or Group
    name: str  # or the beginning of names, with a * behind it
    operation: str

    def request(self, user: str) -> CreateAclsRequest:
        return CreateAclsRequest(
            resource_type=_KINDS[self.kind],
            resource_name=self.name.removesuffix("*"),
            resource_pattern_type_filter=_PREFIXED if self.name.endswith("*") else _LITERAL,
            principal=f"User:{user}",
            host="*",
            operation=_OPERATIONS[self.operation],
            permission_type=_ALLOW,
        )


@dataclass(frozen=True)
class SecureKafka:
    """The addresses of the broker, and the files that a client needs."""

    open: str  # PLAINTEXT, for the test itself: who comes in here may do anything
    sasl_ssl: str  # SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN over TLS
    sasl_plaintext: str  # the same without encryption
    ssl: str  # asks for a certificate of the client
    cafile: Path  # who vouches for Kafka
    certfile: Path  # of a client, with its key: CN=connector
    other_cafile: Path  # who does not

    async def allow(self, user: str, *grants: Grant) -> None:
        """Give `user` these rights."""
        async with admin_of(self.open) as admin:
            for each in grants:
                answer = await admin._send_to_controller(each.request(user))
                assert [code for code, _message in answer.creation_responses] == [0], answer


@asynccontextmanager
async def secure_kafka(directory: Path) -> AsyncIterator[SecureKafka]:
    """One broker, up to the end of the block."""
    names = ("BROKER", "LOGIN", "CLEAR", "MUTUAL", "CONTROLLER")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    authority, other = trustme.CA(), trustme.CA()
    pems = _pems(directory, authority, other)
    addresses = {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}
    properties = directory / "server.properties"
    properties.write_text(_properties(directory, ports, pems), "utf-8")
    java = [str(find_java()), *JVM_OPTIONS, "-cp", ":".join(map(str, kafka_classpath()))]
    log = directory / "kafka.log"
    await _format(java, properties, directory, log)
    process = await Command(argv=[*java, "kafka.Kafka", str(properties)], directory=directory, log=log).spawn(
        dies_with_us_by=signal.SIGTERM
    )
    try:
        await eventually(lambda: _serves(process, ports["BROKER"]))
        yield SecureKafka(
            open=addresses["BROKER"],
            sasl_ssl=addresses["LOGIN"],
            sasl_plaintext=addresses["CLEAR"],
            ssl=addresses["MUTUAL"],
            cafile=pems["ca"],
            certfile=pems["client"],
            other_cafile=pems["other"],
        )
    finally:
        await stop(process, (signal.SIGTERM, _STOP_SECONDS))


def _pems(directory: Path, authority: trustme.CA, other: trustme.CA) -> dict[str, Path]:
    paths = {name: directory / f"{name}.pem" for name in ("ca", "other", "server", "client")}
    authority.cert_pem.write_to_path(str(paths["ca"]))
    other.cert_pem.write_to_path(str(paths["other"]))
    server = authority.issue_cert(LOOPBACK)
    # Java reads keys as PKCS #8 only, and trustme writes them as OpenSSL used to.
    key = serialization.load_pem_private_key(server.private_key_pem.bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    paths["server"].write_bytes(b"".join([key, *(each.bytes() for each in server.cert_chain_pems)]))
    client = authority.issue_cert("connector.example", common_name="connector")
    client.private_key_and_cert_chain_pem.write_to_path(str(paths["client"]))
    return paths


def _properties(directory: Path, ports: Mapping[str, int], pems: Mapping[str, Path]) -> str:
    """The embedded broker's properties, then ours: of two lines with one name the last one counts."""
    outside = [name for name in ports if name != "CONTROLLER"]
    protocols = {"LOGIN": "SASL_SSL", "CLEAR": "SASL_PLAINTEXT", "MUTUAL": "SSL"}
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required " + " ".join(
        f'user_{name}="{password}"' for name, password in LOGINS.items()
    )
    values: dict[str, object] = {
        "listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in ports.items()),
        "advertised.listeners": ",".join(f"{name}://{LOOPBACK}:{ports[name]}" for name in outside),
        "listener.security.protocol.map": ",".join(f"{name}:{protocols.get(name, 'PLAINTEXT')}" for name in ports),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "ssl.principal.mapping.rules": r"RULE:^CN=([^,]+).*$/$1/,DEFAULT",
        "listener.name.mutual.ssl.client.auth": "required",
    }
    for name in ("login", "mutual"):
        values |= {
            f"listener.name.{name}.ssl.keystore.type": "PEM",
            f"listener.name.{name}.ssl.keystore.location": pems["server"],
            f"listener.name.{name}.ssl.truststore.type": "PEM",
            f"listener.name.{name}.ssl.truststore.location": pems["ca"],
        }
    for name in ("login", "clear"):
        values |= {
            f"listener.name.{name}.sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": scram,
            f"listener.name.{name}.scram-sha-256.sasl.jaas.config": scram,
            f"listener.name.{name}.plain.sasl.jaas.config": f"{plain};",
        }
    base = server_properties(log_dir=directory / "data", port=ports["BROKER"], controller_port=ports["CONTROLLER"])
    return base + "".join(f"{name}={value}\n" for name, value in values.items())


async def _format(java: list[str], properties: Path, directory: Path, log: Path) -> None:
    scram = [
        argument
        for name, password in LOGINS.items()
        for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256")
        for argument in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
    ]
    argv = [*java, *FORMAT_OPTIONS, *format_arguments(properties), *scram]
    command = Command(argv=argv, directory=directory, log=log)
    assert await command.run(seconds=_FORMAT_SECONDS) == 0, log.read_text("utf-8")


async def _serves(process: asyncio.subprocess.Process, port: int) -> bool:
    assert process.returncode is None, "it ended; its log is kafka.log"
    return await answers(port)

"""Signatures of webhooks, held to the specification."""

import base64
import hmac

import pytest

from outbound.signature import Signer

#: Vector that libraries of Standard Webhooks test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, SECONDS, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def other_secret(length: int = 24) -> str:
    return "whsec_" + base64.b64encode(b"x" * length).decode()


def test_the_signature_is_that_of_the_libraries() -> None:
    assert Signer(SECRET).headers(ID, SECONDS, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_while_a_secret_is_changed_both_sign() -> None:
    first, second = Signer(f"{SECRET} {other_secret()}").headers(ID, SECONDS, BODY)["webhook-signature"].split(" ")
    digest = hmac.digest(b"x" * 24, f"{ID}.{SECONDS}.".encode() + BODY, "sha256")
    assert (first, second) == (SIGNATURE, f"v1,{base64.b64encode(digest).decode()}")


@pytest.mark.parametrize(
    "secret",
    ["", " ", SECRET.removeprefix("whsec_"), "whsec_", "whsec_!!!!", other_secret(23), other_secret(65), f"{SECRET} x"],
)
def test_a_secret_that_is_none_is_refused_without_being_said(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_") as caught:
        Signer(secret)
    assert secret.removeprefix("whsec_").strip() not in str(caught.value) or not secret.removeprefix("whsec_").strip()


@pytest.mark.parametrize("length", [24, 64])
def test_the_limits_are_those_of_the_specification(length: int) -> None:
    assert Signer(other_secret(length)).headers("a", 1, b"")

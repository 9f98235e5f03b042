"""Groups of the issuer give roles in accounts; settings of sign-in that can't work are refused at the start."""

import pytest
from pydantic import ValidationError

from admin.settings import SignInSettings
from schemas.person import GroupRights, roles_of

RIGHTS = {
    "ops": GroupRights(account="acme", role="operator"),
    "readers": GroupRights(account="acme", role="viewer"),
    "all": GroupRights(account="*", role="viewer"),
    "globex": GroupRights(account="globex", role="admin"),
}
COMPLETE = {"oidc_issuer": "https://login.example", "oidc_client_id": "c", "oidc_roles": RIGHTS}


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ([], {}),
        (["unknown"], {}),
        (["readers"], {"acme": "viewer"}),
        (["readers", "ops"], {"acme": "operator"}),
        (["ops", "readers"], {"acme": "operator"}),
        (["globex", "all", "ops"], {"*": "viewer", "acme": "operator", "globex": "admin"}),
    ],
)
def test_the_greatest_role_in_each_account_counts(groups: list[str], roles: dict[str, str]) -> None:
    assert roles_of(groups, RIGHTS) == roles


@pytest.mark.parametrize("rights", [{"account": "A", "role": "viewer"}, {"account": "a", "role": "connector"}])
def test_a_group_can_t_give_what_no_person_has(rights: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        GroupRights.model_validate(rights)


@pytest.mark.parametrize(
    "wrong", [{"oidc_issuer": "http://login.example"}, {"oidc_client_id": None}, {"oidc_roles": {}}]
)
def test_settings_that_can_t_work_are_refused(wrong: dict[str, object]) -> None:
    assert SignInSettings(**COMPLETE).oidc_issuer is not None  # type: ignore[arg-type]
    assert SignInSettings(**COMPLETE | {"oidc_issuer": "http://127.0.0.1:1"})  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        SignInSettings(**COMPLETE | wrong)  # type: ignore[arg-type]

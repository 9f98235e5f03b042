"""`conexoes keys`: access keys of the API."""

import uuid
from typing import Annotated

import typer
from pydantic import BaseModel, Field, ValidationError

from cli.author import command_line_author
from cli.installation import UnusableError
from cli.json_option import AsJson, to_json
from cli.owner import as_owner
from schemas.reasons.error import fault_of, reasons_of
from schemas.reprocess import refused_author
from schemas.result import ACCOUNT, Affiliate
from schemas.role import Role
from schemas.sources import Source
from storage import access_keys
from storage.access_keys import EVERY_ACCOUNT, KeyAuthor, NewKey

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke access keys of the API.")


@app.command()
def create(
    *,
    account: Annotated[
        str,
        typer.Option(help=f"account whose logs it is for; '{EVERY_ACCOUNT}' is every account, of no connector"),
    ],
    role: Annotated[
        Role,
        typer.Option(
            help="connector only posts results, viewer reads, operator reprocesses too, admin has full access"
        ),
    ] = "viewer",
    source: Annotated[
        str | None, typer.Option(help="connector: CloudEvents source of its results, such as /connectors/mlb")
    ] = None,
    affiliates: Annotated[
        list[str] | None, typer.Option("--affiliate", help="connector: affiliate of its results; may be repeated")
    ] = None,
    name: Annotated[str, typer.Option(help="name in lists and in the audit")] = "",
    export: Annotated[
        bool | None,
        typer.Option(
            "--export/--no-export", help="may export logs that it may read; by default every role but viewer may"
        ),
    ] = None,
    evidence: Annotated[
        bool | None,
        typer.Option(
            "--evidence/--no-evidence",
            help="may see evidence: requests, responses, values of dead letters; by default every role but viewer may",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It can't be shown again."""
    binding = _binding(role, source, affiliates)
    if name and (refused := refused_author(name)) is not None:
        raise UnusableError(f"--name: {fault_of(refused)}.")
    if account != EVERY_ACCOUNT and ACCOUNT.fullmatch(account) is None:
        raise UnusableError(f"--account must be 1 to 64 of a-z, 0-9 and '-', or '{EVERY_ACCOUNT}'.")
    if binding is not None and account == EVERY_ACCOUNT:
        raise UnusableError("--role connector: such a key is of one account; make one for each account.")
    if binding is not None and (export or evidence):
        raise UnusableError("--role connector: such a key only posts results; it can't have --export or --evidence.")

    key = NewKey(
        account=account,
        role=role,
        name=name,
        may_export=export,
        may_see_evidence=evidence,
        source=None if binding is None else binding.source,
        affiliates=None if binding is None else binding.affiliates,
    )
    secret = as_owner(lambda owner: access_keys.make(owner, key, _author()))
    made = {"id": key.id, "account": account, "role": role, "name": name, "key": secret}
    typer.echo(to_json(made) if as_json else secret)


def _author() -> KeyAuthor:
    return KeyAuthor(command_line_author())


class _Binding(BaseModel):
    """The results that a connector's key may post, with the limits of results."""

    source: Source
    affiliates: Annotated[list[Affiliate], Field(min_length=1)]


def _binding(role: Role, source: str | None, affiliates: list[str] | None) -> _Binding | None:
    if role != "connector":
        if source is not None or affiliates:
            raise UnusableError("--source and --affiliate are of --role connector.")
        return None
    try:
        return _Binding.model_validate({"source": source or "", "affiliates": affiliates or []})
    except ValidationError as exc:
        faults = "; ".join(f"{each.parameters['field']}: {fault_of(each)}" for each in reasons_of(exc))
        raise UnusableError(f"--role connector needs --source, and --affiliate once or more: {faults}.") from None


@app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List every key, without its secret."""
    for each in as_owner(access_keys.list_all):
        if as_json:
            typer.echo(to_json(each._asdict()))
            continue
        state = "valid" if each.invited_until is None else f"invited until {each.invited_until:%Y-%m-%d}"
        if each.revoked_at:
            state = f"revoked {each.revoked_at:%Y-%m-%d %H:%M}"
        export = "export" if each.may_export else "no export"
        evidence = "evidence" if each.may_see_evidence else "no evidence"
        posts = f"  posts {each.source}: {', '.join(each.affiliates or [])}" if each.source is not None else ""
        typer.echo(
            f"{each.id}  {each.account:<20}  {each.role:<9}  {export:<9}  {evidence:<11}  {state:<24}  "
            f"{each.name}{posts}"
        )


@app.command()
def revoke(
    key_id: Annotated[uuid.UUID, typer.Argument(help="as `keys list` shows it")], *, as_json: AsJson = False
) -> None:
    """Revoke a key. Processes that have it cached accept it for ten seconds more."""
    if not as_owner(lambda owner: access_keys.revoke(owner, key_id, _author())):
        raise UnusableError(f"There is no valid key {key_id}.")
    typer.echo(to_json({"revoked": key_id}) if as_json else f"revoked {key_id}")

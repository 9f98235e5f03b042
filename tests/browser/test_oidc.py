"""Sign-in by an issuer, clicked through in a browser: there, back, and under one's own name."""

from pathlib import Path

from playwright.async_api import Browser, expect

from admin.app import build_admin
from admin.issuer import Issuer
from admin.session import Sessions
from admin.settings import SignInSettings
from api.authentication import Authenticator
from broker.publisher import Publisher
from exports.settings import ExportSettings
from schemas.policy import Policy
from schemas.topics import Topics
from storage.database import Database
from tests.browser.test_accessible import violations
from tests.integration.api.conftest import NOWHERE, SESSION_SECRET
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, issuing
from tests.support.served import served


async def test_a_person_signs_in_by_their_company(
    browser: Browser, reader: Database, writer: Database, tmp_path: Path
) -> None:
    roles = {"ops": {"account": "acme", "role": "operator"}, "all": {"account": "*", "role": "viewer"}}
    publisher = Publisher(NOWHERE, timeout_seconds=4)
    async with issuing(maria={"email": "maria@store.example", "groups": ["ops", "all"]}) as issuer:
        ours = Issuer(
            SignInSettings(
                oidc_issuer=issuer.address,
                oidc_client_id=CLIENT_ID,
                oidc_client_secret=CLIENT_SECRET,
                oidc_roles=roles,
            )
        )
        app = build_admin(
            reader,
            writer,
            publisher,
            authenticator=Authenticator(reader, None),
            policy=Policy(),
            topics=Topics(),
            sessions=Sessions(SESSION_SECRET),
            export_settings=ExportSettings(data_dir=tmp_path),
            issuer=ours,
        )
        async with served(app) as address:
            page = await browser.new_page(locale="en-US")
            await page.goto(f"{address}/acme/activity?kind=view")
            assert await violations(page) == []
            await page.click("text=Sign in with your company")
            await page.click("button:has-text('maria')")  # at the issuer
            assert await violations(page) == []
            await page.click("a:has-text('acme')")
            await page.click("button:has-text('maria')")  # an issuer with a session of its own does not ask again
            await expect(page.locator(".role")).to_contain_text("maria@store.example")
            await page.click("text=Sign out")
            await expect(page.locator("#access-key")).to_be_visible()
            await page.close()
        await ours.close()
    await publisher.close()

"""Completion webhooks in a real browser, with a receiver that verifies what it gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web
from standardwebhooks import Webhook

from tests.api.dashboard.conftest import Dashboard, needs_browser
from tests.services.notifying.world import receiving

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = needs_browser


async def test_a_webhook_is_made_tested_paused_rotated_and_deleted(dashboard: Dashboard, page: Page) -> None:
    from playwright.async_api import expect

    page.on("dialog", lambda dialog: dialog.accept())
    async with receiving() as receiver:
        await page.goto(f"/sources/{dashboard.source}")
        await page.get_by_role("link", name="Webhook", exact=True).click()
        await expect(page.get_by_label("Only runs of this source")).to_have_value(dashboard.source)
        await page.get_by_label("URL of the receiver").fill("http://10.0.0.1/x")
        await page.get_by_label("What it is for").fill("<b>on call</b>")
        await page.get_by_label("Cancelled").uncheck()
        await page.get_by_role("button", name="Add webhook").click()
        await expect(page.get_by_role("alert")).to_contain_text("10.0.0.1")
        await expect(page.get_by_label("Cancelled")).not_to_be_checked()  # the rest is still filled in
        await page.get_by_label("URL of the receiver").fill(receiver.url)
        await page.get_by_role("button", name="Add webhook").click()
        secret = await page.locator("#secret").text_content()
        assert secret is not None
        assert secret.startswith("whsec_")
        await page.goto("/webhook-endpoints")
        assert secret not in await page.content()
        row = page.get_by_role("row").filter(has_text="<b>on call</b>")
        await expect(row).to_contain_text("complete or failed")

        await row.get_by_role("link").first.click()
        await page.get_by_role("button", name="Send a test").click()
        delivery = page.get_by_role("row").filter(has_text="webhook.test")
        await expect(delivery).to_contain_text("Delivered", timeout=30_000)
        await expect(delivery).to_contain_text("answered 200")
        ((headers, body),) = receiver.taken
        assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"

        receiver.answer = lambda request: web.Response(status=503)
        await delivery.get_by_role("button", name="Deliver again").click()
        await expect(page.locator(".said")).to_contain_text("under the same id")
        await expect(delivery).to_contain_text("answered 503", timeout=30_000)
        assert receiver.taken[1][0]["webhook-id"] == headers["webhook-id"]
        await delivery.locator("summary").click()
        await expect(delivery.get_by_role("listitem").filter(has_text="answered 200")).to_be_visible()

        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Rotate secret").click()
        await expect(page.locator("#secret")).not_to_have_text(secret)
        await page.locator("#edit summary").click()
        await page.get_by_label("What it is for").fill("nobody")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".said")).to_contain_text("The webhook is changed")
        await page.get_by_role("button", name="Delete").click()
        await page.wait_for_url(re.compile("/webhook-endpoints$"))
        await expect(page.locator(".said")).to_contain_text("is deleted")
        await expect(page.get_by_text("nobody", exact=True)).to_have_count(0)

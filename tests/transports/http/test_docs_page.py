"""`/docs` in a real browser: what the document tells of can be tried out, and nothing is asked of anybody else."""

import re

import httpx
from playwright.async_api import expect

from tests.support.browser import browser_page, chromium
from tests.support.core import Core
from tests.support.http_door import core_without_engines, open_door
from tests.transports.http.test_access import SECRET, token_access


async def test_a_text_is_said_from_the_page(core: Core) -> None:
    async with open_door(core) as door, chromium() as browser, browser_page(browser) as (page, problems):
        for path in ("/docs", "/docs/"):
            await page.goto(f"http://127.0.0.1:{door.port}{path}")
            await expect(page.get_by_role("heading", name=re.compile("tts-server"))).to_be_visible()
        say = page.locator(".opblock-post", has_text="/api/tts").first
        await say.click()
        await expect(say.locator("textarea")).to_have_value(re.compile("太好了"))
        await say.locator("textarea").fill('{"text": "好。", "format": "wav", "stream": false}')
        await say.get_by_role("button", name="Execute").click()
        await expect(say.locator(".live-responses-table .response .response-col_status").first).to_contain_text("200")
        await expect(say.locator("audio")).to_have_count(1)
        assert problems == []


async def test_everything_is_told_of_with_a_summary_and_requests_with_an_example() -> None:
    async with open_door(core_without_engines()) as door:
        document = (await door.client.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route["summary"], path
            if method in ("post", "put") and "requestBody" in route:
                sent = route["requestBody"]["content"]["application/json"]["schema"]
                named = sent.get("anyOf", [sent])[0]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][named]["examples"], path
    assert document["components"]["schemas"]["SpeechRequest"]["required"] == ["text"]


async def test_the_document_says_how_to_send_a_token_where_one_is_needed() -> None:
    async with open_door(core_without_engines(), access=token_access()) as door:
        document = (await door.client.get("/openapi.json")).json()
        files = [await door.client.get(f"/docs/{name}") for name in ("docs.js", "swagger-ui-bundle.js")]
        again: httpx.Response = await door.client.get(
            "/docs/docs.js", headers={"If-None-Match": files[0].headers["etag"]}
        )
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    assert SECRET not in str(document)
    assert [answer.status_code for answer in files] == [200, 200]
    assert again.status_code == 304

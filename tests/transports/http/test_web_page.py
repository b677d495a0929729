"""The page's files as they are served."""

import posixpath
import re
from importlib.resources import files

import pytest

from tests.support.http_door import core_without_engines, open_door
from tts_server.transports.http.web_page import SECURITY_HEADERS


@pytest.mark.asyncio
async def test_the_page_and_all_that_it_names_are_served_with_security_headers() -> None:
    async with open_door(core_without_engines()) as door:
        page = await door.client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for path in ["/", *re.findall(r'(?:href|src)="(web/[^"]+)"', page.text)]:
            answer = await door.client.get(path)
            assert answer.status_code == 200, path
            assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.asyncio
async def test_every_module_that_a_module_imports_is_served() -> None:
    async with open_door(core_without_engines()) as door:
        open_names, seen = {"app.js"}, set[str]()
        while open_names:
            name = open_names.pop()
            seen.add(name)
            code = (await door.client.get(f"/web/{name}")).raise_for_status().text
            names = re.findall(r' from "(\.[^"]+)"', code)
            open_names |= {posixpath.normpath(posixpath.join(posixpath.dirname(name), each)) for each in names} - seen
        assert len(seen) > 5


@pytest.mark.asyncio
async def test_a_browser_that_has_the_page_is_told_that_it_is_still_good() -> None:
    async with open_door(core_without_engines()) as door:
        first = await door.client.get("/web/app.js")
        again = await door.client.get("/web/app.js", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.asyncio
async def test_the_page_works_below_any_path_and_in_the_frame_of_a_proxy_that_says_where() -> None:
    async with open_door(core_without_engines()) as door:
        page = await door.client.get("/", headers={"X-Ingress-Path": "/api/hassio_ingress/TOKEN"})
        assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "SAMEORIGIN"
        assert re.findall(r'(?:href|src)="/', page.text) == []
        for path in files("tts_server.transports.http").joinpath("web").iterdir():
            if path.name.endswith((".js", ".css", ".webmanifest")):
                text = path.read_text(encoding="utf-8")
                assert re.findall(r"""[("'`]/(?:api|web|ws|docs|audio)\b""", text) == [], path.name


@pytest.mark.asyncio
async def test_the_manifest_names_icons_that_are_served() -> None:
    async with open_door(core_without_engines()) as door:
        manifest = (await door.client.get("/web/manifest.webmanifest")).raise_for_status()
        assert manifest.headers["content-type"] == "application/manifest+json"
        for icon in manifest.json()["icons"]:
            answer = (await door.client.get(f"/web/{icon['src']}")).raise_for_status()
            assert answer.headers["content-type"] == icon["type"]


@pytest.mark.asyncio
async def test_the_page_has_no_inline_code_and_asks_nobody_else() -> None:
    async with open_door(core_without_engines()) as door:
        html = (await door.client.get("/")).text
        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", html) == []
        for path in ["/", *re.findall(r'(?:href|src)="(web/[^"]+)"', html)]:
            text = (await door.client.get(path)).text.replace("http://www.w3.org/2000/svg", "")
            assert "://" not in text.replace("`", ""), path

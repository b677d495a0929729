"""The page `/docs`: the OpenAPI document for people, made here, since the usual pages load scripts from elsewhere."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import Response

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
section{border-top:1px solid #8884;padding:.5rem 0 1rem}
h2{font-size:1.1rem}code,h2{font-family:ui-monospace,monospace}
b.method{display:inline-block;min-width:3.5rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th:first-child{width:24%}th:nth-child(2){width:30%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}
th{font-weight:600;white-space:nowrap}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-cache",
}
_METHODS: Final = ("get", "post")


def add_docs(app: FastAPI) -> None:
    """Add the page."""

    async def docs() -> Response:
        return Response(_page(app.openapi()), headers=_HEADERS, media_type="text/html")

    app.add_api_route("/docs", docs, include_in_schema=False)


def _page(document: Mapping[str, Any]) -> str:
    title = f"{document['info']['title']} {document['info']['version']}"
    body = "".join(_sections(document))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: HTTP</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>{escape(title)}: HTTP</h1><p>{escape(document['info']['description'])} For programs: "
        '<a href="/openapi.json">openapi.json</a>; the WebSocket: <a href="/asyncapi.yaml">asyncapi.yaml</a>.</p>'
        f"{body}</main></body></html>"
    )


def _sections(document: Mapping[str, Any]) -> Iterator[str]:
    paths = document["paths"]
    for path in sorted(paths, key=lambda path: not path.startswith("/api/tts")):  # what most people look for
        methods = paths[path]
        for method in _METHODS:
            if (route := methods.get(method)) is not None:
                yield f'<section><h2><b class="method">{method.upper()}</b> {escape(path)}</h2>'
                yield "".join(f"<p>{_prose(part)}</p>" for part in route.get("description", "").split("\n\n"))
                sent = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
                if sent is not None:
                    yield _fields(document, sent, "Field")
                yield _answer(document, route["responses"].get("200", {}).get("content", {}))
                yield "</section>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<section id="{escape(name)}"><h2>{escape(name)}</h2><p>{_prose(schema.get("description", ""))}</p>'
        yield _fields(document, schema, "Field") + "</section>"


def _answer(document: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in content)
    table = _fields(document, content.get("application/json", {}).get("schema", {}), "Answer")
    return (f"<p>Answers with {kinds}.</p>" if kinds else "") + table


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], title: str) -> str:
    properties = _resolved(document, schema).get("properties", {})
    rows = "".join(
        f"<tr><th scope=row><code>{escape(name)}</code></th><td><code>{_kind(kind)}</code></td>"
        f"<td>{_prose(kind.get('description', ''))}</td></tr>"
        for name, kind in properties.items()
    )
    head = f"<thead><tr><th>{title}</th><th>Kind</th><th>Meaning</th></tr></thead>"
    return f"<table>{head}<tbody>{rows}</tbody></table>" if rows else ""


def _prose(text: str) -> str:
    """Text with `code` in it, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if (name := schema.get("$ref")) is None:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][name.rpartition("/")[2]]
    return found


def _kind(schema: Mapping[str, Any]) -> str:
    """A JSON schema in a few words, as HTML."""
    if choices := schema.get("anyOf"):
        return " or ".join(_kind(choice) for choice in choices if choice.get("type") != "null")
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = f", {low:g} to {high:g}" if low is not None and high is not None else ""
    return escape(f"{schema.get('const', schema.get('type', 'anything'))}{limits}")

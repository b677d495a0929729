"""What the routes for a house's own things send and get, as JSON: links that speak."""

from pydantic import BaseModel, ConfigDict, Field

from protocol.http_api import SpeechRequest

_YEAR_S = 366 * 86_400


class LinkRequest(SpeechRequest):
    """`POST /api/links`: what a link is to say. All fields of `POST /api/tts`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "晚饭好了。", "emotion": "happy"}]})

    valid_s: int | None = Field(None, ge=1, le=10 * _YEAR_S, description="How long the link is good; left out: always.")


class Link(BaseModel):
    """A link that speaks: `GET` it."""

    url: str = Field(description="Path and query on this server; signed where tokens are needed.")
    expires_at: int | None = Field(description="Seconds since 1970; null: it stays good.")

"""What the routes for a house's own things send and get, as JSON: links that speak, phrases, words."""

from typing import Literal

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


class PhraseRequest(BaseModel):
    """`PUT /api/phrases/NAME`: a text and how it is said."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"text": "晚饭好了，快来吃吧！", "voice": "baker", "emotion": "happy"}]},
    )

    text: str = Field(min_length=1, max_length=1000)
    voice: str | None = Field(None, max_length=64, description="Left out: the default voice.")
    emotion: str | None = Field(None, max_length=32, description="A name or alias; left out: the default one.")
    intensity: float = Field(1.0, ge=0.0, le=2.0)
    speed: float = Field(1.0, ge=0.4, le=2.5)
    pitch: float = Field(0.0, ge=-12.0, le=12.0, description="Semitones.")
    volume: float = Field(0.0, ge=-40.0, le=12.0, description="dB.")


class PhraseInfo(PhraseRequest):
    """A phrase that is kept."""

    name: str


class PhraseList(BaseModel):
    """`GET /api/phrases`: all of them, in the order in which they came. Sent back one by one, they are as before."""

    phrases: list[PhraseInfo]
    can_edit: bool = Field(description="Whether this server takes changes (http.edit) of whoever asks.")


class SpeakPhrase(BaseModel):
    """`POST /api/phrases/NAME/speak`: what the answer looks like, as in `POST /api/tts`. May be left out."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [{"format": "mp3"}]}
    )

    format: Literal["wav", "mp3", "opus", "flac", "aac", "pcm", "json"] | None = None
    rate: Literal[8000, 16000, 22050, 24000, 44100, 48000] | None = None
    stream: bool = True
    marks: bool = True


class WordRequest(BaseModel):
    """`PUT /api/dictionary/WORD`: how a word is read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"said": "chóngqìng"}]})

    said: str = Field(
        min_length=1,
        max_length=256,
        description="Pinyin with tone marks or digits, /English in IPA/ (both checked), or other text to say.",
    )


class WordInfo(BaseModel):
    """A word of the house's dictionary."""

    word: str
    said: str = Field(description="As it is understood: chong2 qing4.")


class WordList(BaseModel):
    """`GET /api/dictionary`."""

    words: list[WordInfo]
    owners: list[WordInfo] = Field(description="Of `[text] dictionary` in config.toml, which wins.")
    can_edit: bool


class SyllableInfo(BaseModel):
    """A syllable of a text, and how else its character could be read."""

    char: str
    pinyin: str = Field(description="As the dictionaries have it.")
    spoken: str = Field(description="As it is said here, tone sandhi included.")
    start: int = Field(serialization_alias="from", description="Code points of the text.")
    end: int = Field(serialization_alias="to")
    others: list[str]


class Readings(BaseModel):
    """`GET /api/readings?text=…`: how a text is read."""

    syllables: list[SyllableInfo]
    words: list[str]

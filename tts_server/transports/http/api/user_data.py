"""Routes for what a house keeps: phrases, how words are read, and how a text would be."""

from dataclasses import asdict
from typing import Annotated, Final

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from protocol.http_api import AudioReply, SpeechRequest
from protocol.user_data_api import (
    PhraseInfo,
    PhraseList,
    PhraseRequest,
    Readings,
    SpeakPhrase,
    SyllableInfo,
    WordInfo,
    WordList,
    WordRequest,
)
from tts_server.access.access import EDIT
from tts_server.errors import EngineLoading, Refused
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.api.tts import AUDIO, Say
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.requests.application import Application
from tts_server.user_data.phrases import Phrase, checked_name
from tts_server.user_data.user_data import UserData
from tts_server.voices import check_emotion, split_name

MAX_READ_CHARS: Final = 400


def add_user_data(app: Application, synthesizer: Synthesizer, user_data: UserData, say: Say, can_edit: bool) -> None:
    """Add the routes. can_edit: whether changes are taken at all; a token needs the scope tts:edit for them."""

    def editor(request: Request) -> None:
        if not can_edit:
            raise Refused("this server takes no changes over HTTP (http.edit)")
        Report.of(request.scope).principal.require(EDIT)

    def may_edit(request: Request) -> bool:
        return can_edit and EDIT in Report.of(request.scope).principal.scopes

    @app.get("/api/phrases", summary="The phrases of the house")
    async def phrases(request: Request) -> PhraseList:
        """What is said often here, by name."""
        kept = [_phrase(name, phrase) for name, phrase in user_data.phrases.all.items()]
        return PhraseList(phrases=kept, can_edit=may_edit(request))

    @app.put("/api/phrases/{name}", summary="Keep a phrase")
    async def keep_phrase(name: str, wanted: PhraseRequest, request: Request) -> PhraseInfo:
        """Keep a text under a name, percent-encoded, in place of what had it before."""
        editor(request)
        check_emotion(wanted.emotion)
        check_emotion(split_name(wanted.voice)[1] if wanted.voice else None)
        synthesizer.catalogue.choose(wanted.voice)
        phrase = Phrase(**wanted.model_dump())
        await user_data.phrases.put(name, phrase)
        return _phrase(checked_name(name), phrase)

    @app.delete("/api/phrases/{name}", status_code=204, response_class=Response, summary="Forget a phrase")
    async def forget_phrase(name: str, request: Request) -> Response:
        """It is not kept any longer."""
        editor(request)
        await user_data.phrases.remove(name)
        return Response(status_code=204)

    async def speak(name: str, request: Request, how: SpeakPhrase | None = None) -> Response | AudioReply:
        """Say a phrase. The answer is that of `POST /api/tts`; the fields of its form may stand in the address too."""
        phrase = {key: value for key, value in asdict(user_data.phrases.get(name)).items() if value is not None}
        shown = (how or SpeakPhrase()).model_dump(exclude_none=True)
        return await say(SpeechRequest(**phrase, **shown), request)

    app.add_api_route(
        *("/api/phrases/{name}/speak", speak),
        methods=["POST"],
        summary="Say a phrase",
        response_model=AudioReply,
        response_class=JSONResponse,
        responses={200: {"content": AUDIO}},
        also_in_address=True,
    )

    @app.get("/api/dictionary", summary="How words are read in this house")
    async def words(request: Request) -> WordList:
        """What was corrected, and what the owner has in the configuration."""
        return WordList(
            words=_words(user_data.dictionary.words),
            owners=_words(user_data.dictionary.own),
            can_edit=may_edit(request),
        )

    @app.put("/api/dictionary/{word}", summary="Correct how a word is read")
    async def keep_word(word: str, wanted: WordRequest, request: Request) -> WordInfo:
        """From now on the word, percent-encoded, is read so, at every door."""
        editor(request)
        return WordInfo(word=word.strip(), said=await user_data.dictionary.put(word, wanted.said))

    @app.delete("/api/dictionary/{word}", status_code=204, response_class=Response, summary="Forget a word")
    async def forget_word(word: str, request: Request) -> Response:
        """It is read as by default again."""
        editor(request)
        await user_data.dictionary.remove(word)
        return Response(status_code=204)

    @app.get("/api/readings", summary="How a text is read")
    async def readings(text: Annotated[str, Field(min_length=1, max_length=MAX_READ_CHARS)]) -> Readings:
        """The syllables of a text as they would be said, and how else each character could be read."""
        if not synthesizer.is_ready:
            raise EngineLoading("the engines are loading; ask again soon")
        (sentence,) = (await synthesizer.readings(text))["sentences"]
        syllables = [
            SyllableInfo(**{"start": told.pop("from"), "end": told.pop("to"), **told})
            for told in map(dict, sentence["syllables"])
        ]
        return Readings(syllables=syllables, words=sentence["words"])


def _phrase(name: str, phrase: Phrase) -> PhraseInfo:
    return PhraseInfo(name=name, **asdict(phrase))


def _words(words: dict[str, str]) -> list[WordInfo]:
    return [WordInfo(word=word, said=said) for word, said in words.items()]

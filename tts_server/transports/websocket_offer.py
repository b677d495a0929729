"""What this box offers to one connection, and what a context asks of it."""

from dataclasses import dataclass
from typing import Final

from protocol import answers, messages
from protocol.errors import ErrorCode
from protocol.messages import MINOR_VERSION, Framing
from tts_server import __version__
from tts_server.audio.join import FADE_S
from tts_server.engine import Voice
from tts_server.speech import SAMPLE_RATES, SpeechOptions
from tts_server.synthesis import Context, Synthesizer
from tts_server.transports.websocket_settings import WebSocketSettings
from tts_server.transports.websocket_speech import Rejected
from tts_server.voices import emotion_for

CODECS: Final = ("pcm_s16le",)
MARKS: Final = ("char",)
TEXT_FORMATS: Final = ("plain", "markdown")
FEATURES: Final = ("priority", "preempt", "markdown")
FRAME_MS: Final = 40
PRIORITIES: Final = {"low": -1, "normal": 0, "high": 1}


@dataclass(frozen=True, slots=True)
class Plan:
    """A context as it will be: what `open` says, filled up with the defaults."""

    options: SpeechOptions
    frame_ms: int
    sends_marks: bool


class Offer:
    """What contexts of one connection can have. `agree` takes the client's wishes."""

    def __init__(self, synthesizer: Synthesizer, settings: WebSocketSettings) -> None:
        self._synthesizer = synthesizer
        self._settings = settings
        self._defaults = messages.Defaults()
        self._wants_marks = False

    def agree(self, hello: messages.Hello) -> None:
        """Take the defaults for later contexts. Raises Rejected, TTSError when one of them cannot be had."""
        self._synthesizer.catalogue.choose(hello.defaults.voice, hello.defaults.language)
        _check_audio(hello.defaults.audio, "defaults.audio")
        self._defaults = hello.defaults
        self._wants_marks = "char" in hello.accept.marks

    def plan(self, wanted: messages.Open) -> Plan:
        """What a context will be like. Raises Rejected for what is not offered, BadRequest."""
        _check_audio(wanted.audio, "audio")
        if wanted.marks is not None and wanted.marks not in MARKS:
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"marks here: {', '.join(MARKS)}", "marks")
        if wanted.text_format not in TEXT_FORMATS:
            known = ", ".join(TEXT_FORMATS)
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"text formats here: {known}", "text_format")
        idle_s = None if wanted.ctx_idle_ms is None else wanted.ctx_idle_ms / 1000
        options = SpeechOptions(
            voice=wanted.voice or (None if wanted.language else self._defaults.voice),
            language=wanted.language or self._defaults.language,
            emotion=wanted.emotion or self._defaults.emotion,
            intensity=_first(wanted.intensity, self._defaults.intensity, 1.0),
            speed=_first(wanted.speed, self._defaults.speed, 1.0),
            pitch=_first(wanted.pitch, self._defaults.pitch, 0.0),
            volume=_first(wanted.volume, self._defaults.volume, 0.0),
            sample_rate=wanted.audio.rate or self._defaults.audio.rate,
            split=wanted.split,
            strict=wanted.strict,
            priority=PRIORITIES[wanted.priority],
            max_delay_s=self._max_delay_s(wanted, idle_s),
            idle_s=idle_s,
        )
        frame_ms = wanted.audio.frame_ms or self._defaults.audio.frame_ms or FRAME_MS
        return Plan(options, frame_ms, wanted.marks is not None or self._wants_marks)

    def ready(self, ref: str | None, session: str, framing: Framing) -> answers.Ready:
        """The first message to the client."""
        voice = self._synthesizer.catalogue.choose(self._defaults.voice, self._defaults.language)
        asked = self._defaults.emotion or self._synthesizer.default_emotion
        audio = self._defaults.audio
        return answers.Ready(
            ref=ref,
            protocol=MINOR_VERSION,
            session=session,
            server=answers.Server(name="tts-server", version=__version__),
            framing=framing,
            defaults=answers.DefaultsUsed(
                voice=voice.name,
                emotion=emotion_for(voice, asked)[1],
                speed=_first(self._defaults.speed, None, 1.0),
                audio=_audio_used(audio.rate or voice.sample_rate, audio.frame_ms or FRAME_MS),
            ),
            voices=self._voices(),
            codecs=list(CODECS),
            marks=list(MARKS),
            features=list(FEATURES),
            limits=self._limits(),
        )

    def opened(self, wanted: messages.Open, ch: int, context: Context, plan: Plan) -> answers.Opened:
        """The answer to `open`."""
        native = self._synthesizer.catalogue.choose(context.voice).sample_rate
        return answers.Opened(
            ref=wanted.ref,
            ctx=wanted.ctx,
            ch=ch,
            voice=context.voice,
            emotion=context.emotion[1],
            audio=_audio_used(context.sample_rate, plan.frame_ms),
            sample_rate_native=native,
            resampled=native != context.sample_rate,
            marks=answers.MarksUsed(unit="char") if plan.sends_marks else None,
            queue=self._synthesizer.active - 1,
        )

    def info(self, asked: messages.Describe) -> answers.Info:
        """The answer to `describe`."""
        engine = {"ready": self._synthesizer.is_ready, "contexts": self._synthesizer.active}
        return answers.Info(
            ref=asked.ref,
            voices=self._voices() if "voices" in asked.what else None,
            engine=engine if "engine" in asked.what else None,
            limits=self._limits() if "limits" in asked.what else None,
        )

    def _max_delay_s(self, wanted: messages.Open, idle_s: float | None) -> float | None:
        """Off means: not before the context itself has waited too long."""
        if wanted.max_delay_ms == 0:
            return self._synthesizer.limits.context_idle_s if idle_s is None else idle_s
        return None if wanted.max_delay_ms is None else wanted.max_delay_ms / 1000

    def _voices(self) -> list[answers.VoiceInfo]:
        return [_voice_info(voice) for voice in self._synthesizer.catalogue.voices]

    def _limits(self) -> answers.LimitsUsed:
        core, ours = self._synthesizer.limits, self._settings
        return answers.LimitsUsed(
            max_message_bytes=ours.max_message_bytes,
            max_text_chars=core.max_text_chars,
            max_pending_chars=core.max_pending_chars,
            max_ctx_chars=core.max_context_chars,
            max_contexts=ours.max_contexts,
            messages_per_s=ours.messages_per_s,
            messages_burst=ours.messages_burst,
            max_lead_ms=ours.max_lead_ms,
            max_buffered_ms=ours.max_buffered_ms,
            max_delay_ms=round(1000 * core.max_delay_s),
            ctx_idle_ms=round(1000 * core.context_idle_s),
            idle_ms=round(1000 * ours.idle_s),
            write_stall_ms=round(1000 * ours.write_stall_s),
            engine_timeout_ms=round(1000 * ours.engine_timeout_s),
            bad_messages=ours.bad_messages,
        )


def _check_audio(wanted: messages.AudioFormat, param: str) -> None:
    if wanted.codec is not None and wanted.codec not in CODECS:
        raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"codecs here: {', '.join(CODECS)}", f"{param}.codec")
    if wanted.rate is not None and wanted.rate not in SAMPLE_RATES:
        rates = ", ".join(map(str, SAMPLE_RATES))
        raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"rates here: {rates} Hz", f"{param}.rate")


def _audio_used(rate: int, frame_ms: int) -> answers.AudioUsed:
    return answers.AudioUsed(codec=CODECS[0], rate=rate, channels=1, frame_ms=frame_ms, fade_ms=round(1000 * FADE_S))


def _voice_info(voice: Voice) -> answers.VoiceInfo:
    return answers.VoiceInfo(
        id=voice.name,
        language=voice.language,
        speaks=list(voice.speaks),
        emotions=list(voice.emotions),
        rates=[voice.sample_rate],
        description=voice.description,
    )


def _first(asked: float | None, usual: float | None, otherwise: float) -> float:
    return next((value for value in (asked, usual) if value is not None), otherwise)

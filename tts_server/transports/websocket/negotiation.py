"""What this box offers to one connection, and what a context asks of it."""

from dataclasses import dataclass
from typing import Final

from protocol import answers, messages
from protocol.errors import ErrorCode
from protocol.fields import Framing
from protocol.messages import MINOR_VERSION
from tts_server import __version__
from tts_server.access.clients import AS_EVERYBODY, Manner
from tts_server.audio import opus
from tts_server.audio.join import FADE_S
from tts_server.engine import Voice
from tts_server.events import SAMPLE_RATES, TEXT_FORMATS, Pauses, SpeechOptions
from tts_server.synthesis.context import Context
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.websocket.frames import Coder, OpusCoder, PcmCoder
from tts_server.transports.websocket.rejection import Rejected
from tts_server.transports.websocket.settings import WebSocketSettings
from tts_server.voices import emotion_for, split_name

PCM: Final = "pcm_s16le"
OPUS: Final = "opus"
CODECS: Final = (PCM, OPUS)
MARKS: Final = ("char",)
FEATURES: Final = ("resume", "priority", "preempt", "ssml", "markdown")
FRAME_MS: Final = 40
OPUS_RATE: Final = 24_000  # Hz, where the voice's own rate is none of Opus'
PRIORITIES: Final = {"low": -1, "normal": 0, "high": 1}


@dataclass(frozen=True, slots=True)
class AudioPlan:
    """How a context's audio will come."""

    codec: str
    rate: int  # Hz
    frame_ms: int
    bitrate: int | None = None  # of opus

    def coder(self) -> Coder:
        """A new coder."""
        return PcmCoder() if self.bitrate is None else OpusCoder(self.rate, self.frame_ms, self.bitrate)

    def told(self) -> answers.AudioUsed:
        """As the client is told."""
        fade_ms = round(1000 * FADE_S)
        return answers.AudioUsed(
            codec=self.codec,
            rate=self.rate,
            channels=1,
            frame_ms=self.frame_ms,
            bitrate=self.bitrate,
            delay_ms=round(1000 * opus.DELAY_S) if self.codec == "opus" else 0,
            fade_ms=fade_ms,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A context as it will be: what `open` says, filled up with the defaults."""

    options: SpeechOptions
    audio: AudioPlan
    sends_marks: bool


class Negotiation:
    """What contexts of one connection can have. `agree` takes the client's wishes."""

    def __init__(self, synthesizer: Synthesizer, settings: WebSocketSettings) -> None:
        self._synthesizer = synthesizer
        self._settings = settings
        self._defaults = messages.Defaults()
        self._wants_marks = False

    def agree(self, hello: messages.Hello, given: Manner = AS_EVERYBODY) -> None:
        """Take the defaults for later contexts: the client's own, then those that its owner gave it.

        Raises Rejected, TTSError when one of them cannot be had.
        """
        defaults = self._filled(hello.defaults, given)
        voice = self._synthesizer.catalogue.choose(defaults.voice, defaults.language)
        _audio_plan(defaults.audio, messages.AudioFormat(), voice, "defaults.audio")
        self._defaults = defaults
        self._wants_marks = "char" in hello.accept.marks

    def _filled(self, own: messages.Defaults, given: Manner) -> messages.Defaults:
        voice, language = own.voice, own.language
        if voice is None and language is None:
            voice, language = given.voice_in(self._synthesizer.catalogue), given.language
        mood = split_name(own.voice)[1] if own.voice else None
        more = {"emotion": own.emotion or mood or given.emotion, "volume": _first(own.volume, given.volume, 0.0)}
        return own.model_copy(update={"voice": voice, "language": language, **more})

    def plan(self, wanted: messages.Open, client: str) -> Plan:
        """What a context for this client will be like. Raises Rejected for what is not offered, TTSError."""
        if wanted.marks is not None and wanted.marks not in MARKS:
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"marks here: {', '.join(MARKS)}", "marks")
        text_format = next((known for known in TEXT_FORMATS if known == wanted.text_format), None)
        if text_format is None:
            known = ", ".join(TEXT_FORMATS)
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"text formats here: {known}", "text_format")
        idle_s = None if wanted.ctx_idle_ms is None else wanted.ctx_idle_ms / 1000
        name = wanted.voice or (None if wanted.language else self._defaults.voice)
        language = wanted.language or self._defaults.language
        voice = self._synthesizer.catalogue.choose(name, language)
        audio = _audio_plan(wanted.audio, self._defaults.audio, voice, "audio")
        options = SpeechOptions(
            voice=voice.name,
            language=language,
            emotion=wanted.emotion or (split_name(name)[1] if name else None) or self._defaults.emotion,
            intensity=_first(wanted.intensity, self._defaults.intensity, 1.0),
            speed=_first(wanted.speed, self._defaults.speed, 1.0),
            pitch=_first(wanted.pitch, self._defaults.pitch, 0.0),
            volume=_first(wanted.volume, self._defaults.volume, 0.0),
            pauses=Pauses(**wanted.pauses.model_dump()) if wanted.pauses else Pauses(),
            sample_rate=audio.rate,
            split=wanted.split,
            text_format=text_format,
            strict=wanted.strict,
            priority=PRIORITIES[wanted.priority],
            client=client,
            max_delay_s=self._max_delay_s(wanted, idle_s),
            idle_s=idle_s,
        )
        return Plan(options, audio, wanted.marks is not None or self._wants_marks)

    def ready(
        self, ref: str | None, session: str, framing: Framing, resume: answers.ResumeOffer | None
    ) -> answers.Ready:
        """The first message to the client."""
        voice = self._synthesizer.catalogue.choose(self._defaults.voice, self._defaults.language)
        asked = self._defaults.emotion or self._synthesizer.default_emotion
        return answers.Ready(
            ref=ref,
            protocol=MINOR_VERSION,
            session=session,
            resume=resume,
            server=answers.Server(name="tts-server", version=__version__),
            framing=framing,
            defaults=answers.DefaultsUsed(
                voice=voice.name,
                emotion=emotion_for(voice, asked)[1],
                speed=_first(self._defaults.speed, None, 1.0),
                audio=_audio_plan(self._defaults.audio, messages.AudioFormat(), voice, "audio").told(),
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
            audio=plan.audio.told(),
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
            chars_per_min=ours.chars_per_min,
            max_lead_ms=ours.max_lead_ms,
            max_buffered_ms=ours.max_buffered_ms,
            max_delay_ms=round(1000 * core.max_delay_s),
            ctx_idle_ms=round(1000 * core.context_idle_s),
            idle_ms=round(1000 * ours.idle_s),
            write_stall_ms=round(1000 * ours.write_stall_s),
            engine_timeout_ms=round(1000 * ours.engine_timeout_s),
            bad_messages=ours.bad_messages,
            auth_timeout_ms=round(1000 * ours.auth_timeout_s),
            replay_ms=round(1000 * ours.replay_s),
        )


def _audio_plan(wanted: messages.AudioFormat, usual: messages.AudioFormat, voice: Voice, param: str) -> AudioPlan:
    """What is asked for, else what is usual, else as the voice has it. Raises Rejected."""
    codec = wanted.codec or usual.codec or PCM
    rate = wanted.rate or usual.rate
    frame_ms = wanted.frame_ms or usual.frame_ms or FRAME_MS
    _check(codec in CODECS, f"codecs here: {', '.join(CODECS)}", f"{param}.codec")
    if codec == PCM:
        _check(rate in (None, *SAMPLE_RATES), f"rates here: {_listed(SAMPLE_RATES)} Hz", f"{param}.rate")
        return AudioPlan(PCM, rate or voice.sample_rate, frame_ms)
    _check(rate in (None, *opus.RATES), f"rates with opus: {_listed(opus.RATES)} Hz", f"{param}.rate")
    _check(frame_ms in opus.FRAME_MS, f"frame_ms with opus: {_listed(opus.FRAME_MS)}", f"{param}.frame_ms")
    rate = rate or (voice.sample_rate if voice.sample_rate in opus.RATES else OPUS_RATE)
    return AudioPlan(OPUS, rate, frame_ms, wanted.bitrate or usual.bitrate or opus.BITRATE)


def _check(is_offered: bool, message: str, param: str) -> None:
    if not is_offered:
        raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, message, param)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _voice_info(voice: Voice) -> answers.VoiceInfo:
    return answers.VoiceInfo(
        id=voice.name,
        language=voice.language,
        speaks=list(voice.speaks),
        emotions=list(voice.emotions),
        emotion_strengths=dict(voice.strengths),
        rates=[voice.sample_rate],
        description=voice.description,
    )


def _first(asked: float | None, usual: float | None, otherwise: float) -> float:
    return next((value for value in (asked, usual) if value is not None), otherwise)

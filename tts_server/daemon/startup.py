"""The core, built from the configuration: for the daemon, and for commands that speak in their own process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from protocol.emotions import with_own
from tts_server.access.access import AccessSettings, JwtKey
from tts_server.access.clients import Clients, Manner
from tts_server.access.credentials import read_key, read_tokens
from tts_server.access.rate_limits import RateLimits
from tts_server.cache.disk import DiskStore
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.config.paths import cache_folder, credentials_folder, state_folder
from tts_server.config.settings import Config, voices_folder
from tts_server.daemon.host_settings import host_settings
from tts_server.daemon.pack_watch import watch_packs
from tts_server.edge.clock import is_clock_set
from tts_server.engine_host.child import HostProcess
from tts_server.engine_host.link import EngineLink
from tts_server.errors import ConfigInvalid, EngineLoading
from tts_server.events import Pauses, SpeechOptions
from tts_server.markup.markup import Markup
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings, check_ca_file, check_url, read_password
from tts_server.synthesis.speaking_style import Night, SpeakingStyle
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.synthesis.warm_up import Said, prepare
from tts_server.user_data.user_data import UserData

_WRITING_S = 2.0  # at stop, for recordings on their way to the disk


def access_settings(config: Config) -> AccessSettings:
    """Who may speak over HTTP and WebSocket. Reads the tokens, or the key. Raises ConfigInvalid."""
    wanted = config.access
    return AccessSettings(
        mode=wanted.mode,
        networks=config.server.networks,
        tokens=read_tokens(wanted.tokens_file) if wanted.mode == "token" else (),
        jwt_key=_jwt_key(config) if wanted.mode == "jwt" else None,
        limits=RateLimits(wanted.requests_per_min, wanted.chars_per_min),
        box=config.server.node,
    )


def _jwt_key(config: Config) -> JwtKey:
    wanted = config.access
    key = read_key(wanted.jwt_key_file)
    return JwtKey(key, wanted.jwt_algorithm, wanted.jwt_audience, wanted.jwt_issuer or None)


def cache_of(config: Config, link: EngineLink, turns: Turns, words: Mapping[str, str]) -> SegmentCache:
    """Where spoken segments are kept. Reads the program's own files, to know which it is."""
    wanted = config.cache
    if wanted.mode == "off":
        return SegmentCache(link, turns)
    keys = KeyMaker(words, config.engines, config.voices.loudness_lufs)
    store = DiskStore(wanted.folder or cache_folder() / "segments", wanted.disk_bytes, wanted.max_age_s)
    in_use = store if wanted.mode == "disk" else None
    settings = shared_settings(config)
    shared = SharedServer(settings) if settings else None
    return SegmentCache(link, turns, keys, wanted.memory_bytes, wanted.max_age_s, in_use, shared)


def shared_settings(config: Config) -> SharedSettings | None:
    """Where the cache is that boxes share; None when there is none. Reads the password. Raises ConfigInvalid."""
    wanted = config.cache
    if not wanted.shared:
        return None
    if wanted.mode == "off":
        raise ConfigInvalid('cache.shared needs a cache on this box too: set cache.mode to "memory" or "disk"')
    check_url(wanted.shared)
    check_ca_file(wanted.shared_ca_file)
    password = read_password(wanted.shared_password_file, credentials_folder())
    return SharedSettings(wanted.shared, wanted.shared_timeout_ms / 1000, password, wanted.shared_ca_file)


def clients_of(config: Config) -> Clients:
    """What single clients are given."""
    return Clients({name: Manner(**given.model_dump()) for name, given in config.clients.items()})


def speaking_style_of(config: Config) -> SpeakingStyle:
    """How this box reads markup and speaks."""
    text, night = config.text, config.night
    markup = Markup(
        tags=text.tags,
        speak_unknown_tags=text.unknown_tags == "speak",
        emoji=text.emoji == "emotion",
        directions=text.directions,
        speak_actions=text.actions == "speak",
        whole_links=text.links == "whole",
    )
    hours = Night(night.begin, night.end, night.volume, night.speed, night.intensity) if night.enabled else None
    voices = config.voices
    pauses = Pauses(
        *(voices.sentence_pause_ms, voices.clause_pause_ms, voices.paragraph_pause_ms, voices.lead_ms, voices.tail_ms)
    )
    return SpeakingStyle(markup, with_own(voices.distances), hours, pauses, is_clock_set=is_clock_set)


def _kept_spoken(config: Config, user_data: UserData) -> list[Said]:
    """What is to be there at once."""
    phrases = [(phrase.text, phrase.options()) for phrase in user_data.phrases.all.values()]
    return [*((text, SpeechOptions()) for text in config.cache.warm), *phrases]


@asynccontextmanager
async def running_core(
    config: Config, early: HostProcess | None = None, user_data: UserData | None = None
) -> AsyncGenerator[Synthesizer]:
    """The core without doors: an engine host and a synthesizer. Waits until the voices are known, not loaded.

    early: an engine host that was started already. user_data: None reads what is kept here.
    """
    user_data = user_data or UserData.at(state_folder(), config.text.dictionary)
    settings = replace(host_settings(config), dictionary=user_data.dictionary.all)
    link, turns = EngineLink(settings, early), Turns(Scheduler(settings.threads))
    cache = cache_of(config, link, turns, user_data.dictionary.all)
    synthesizer = Synthesizer(link, turns, config.limits, config.voices.emotion, cache, speaking_style_of(config))
    synthesizer.clients = clients_of(config)
    user_data.dictionary.on_change = synthesizer.use_dictionary
    user_data.phrases.on_change = synthesizer.prepare_again
    async with asyncio.TaskGroup() as tasks:
        work = {
            "voice packs": watch_packs(voices_folder(config), link.reload),
            "engine host": link.run(),
            "cache": cache.run(),
            "preparation": prepare(synthesizer, link, turns, settings.preload, lambda: _kept_spoken(config, user_data)),
        }
        running = [tasks.create_task(each, name=name) for name, each in work.items()]
        try:
            with contextlib.suppress(EngineLoading):  # the doors then say so themselves
                await link.wait_known()
            yield synthesizer
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WRITING_S):
                    await cache.written()
        finally:
            for task in running:
                task.cancel()

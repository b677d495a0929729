"""What the owner gives single clients where they ask for none: a voice, an emotion, a volume, a language."""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tts_server.access.networks import Network, is_allowed
from tts_server.events import SpeechOptions
from tts_server.voices import Catalogue, split_name

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client is spoken to that does not say how. None: as everybody."""

    voice: str | None = None
    emotion: str | None = None
    volume: float | None = None  # dB
    language: str | None = None

    def fill(self, options: SpeechOptions, catalogue: Catalogue) -> SpeechOptions:
        """The options, and this for what they leave open. A voice that is not here is passed over."""
        voice, language = options.voice, options.language
        if voice is None and language is None:
            voice, language = self.voice_in(catalogue), self.language
        mood = split_name(options.voice)[1] if options.voice else None
        volume = self.volume if options.volume is None else options.volume
        return replace(
            options,
            voice=voice,
            language=language,
            emotion=options.emotion or mood or self.emotion,
            volume=volume or 0.0,
        )

    def voice_in(self, catalogue: Catalogue) -> str | None:
        """The voice, when it is here."""
        if self.voice and catalogue.voices and catalogue.find(split_name(self.voice)[0]) is None:
            log.warning("[clients] names the voice %.64s, which is not here; the default one speaks", self.voice)
            return None
        return self.voice


AS_EVERYBODY = Manner()


class Clients:
    """Who is given what. A token's name goes before an address, and a small network before a large one."""

    def __init__(self, named: Mapping[str, Manner] | None = None) -> None:
        """named: by the name of a token, an address or a network."""
        self._tokens: dict[str, Manner] = {}
        networks: list[tuple[Network, Manner]] = []
        for name, manner in (named or {}).items():
            if (network := network_of(name)) is None:
                self._tokens[name] = manner
            else:
                networks.append((network, manner))
        self._networks = sorted(networks, key=lambda known: known[0].num_addresses)

    def manner(self, peer: str, token: str = "") -> Manner:
        """What a client is given. peer: its address; token: the name of the one that it showed, "" for none."""
        if token in self._tokens:
            return self._tokens[token]
        return next((manner for network, manner in self._networks if is_allowed(peer, [network])), AS_EVERYBODY)


def network_of(name: str) -> Network | None:
    """An address or a network as one; None for the name of a token."""
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None

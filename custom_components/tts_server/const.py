"""Names that more than one file of the integration uses."""

from typing import Final

DOMAIN: Final = "tts_server"
SERVICE_TYPE: Final = "_tts-server._tcp.local."  # under which a box is announced
DEFAULT_PORT: Final = 8080

CONF_EMOTION: Final = "emotion"
CONF_INTENSITY: Final = "intensity"
CONF_PITCH: Final = "pitch"
CONF_PLAYERS: Final = "players"
CONF_SPEED: Final = "speed"
CONF_VOICE: Final = "voice"
CONF_VOLUME: Final = "volume"

ATTR_EVERYWHERE: Final = "everywhere"
SERVICE_STOP: Final = "stop"

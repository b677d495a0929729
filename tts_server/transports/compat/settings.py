"""Which doors of other programs are open, and what their conversations may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompatSettings:
    """One switch a door, and limits; a reload changes all of them."""

    volcengine: bool = True
    index_tts: bool = True
    ovos: bool = True
    wyoming_openai: bool = True
    aliyun: bool = True
    xunfei: bool = True
    paddlespeech: bool = True
    gpt_sovits: bool = True
    doubao: bool = True
    max_conversations: int = 64  # WebSockets of all these doors
    messages_per_s: int = 200  # of one connection, which is read no faster; twice as many may come at once
    idle_s: float = 300.0  # a connection that says and hears nothing is closed after this
    write_stall_s: float = 10.0  # a peer that takes no data for so long is given up

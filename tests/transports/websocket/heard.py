"""What a peer of the WebSocket door heard, and the order it must have come in."""

import numpy as np

from protocol.frames import Frame
from tests.support.websocket_peer import Peer
from tts_server.audio.pcm import from_s16le


def audio_of(peer: Peer, ch: int | None = None) -> np.ndarray:
    return from_s16le(b"".join(frame.payload for frame in peer.frames(ch)))


def check_order(peer: Peer, ctx: str, frame_samples: int | None = None) -> None:
    """O2, O3, O5 and O9 for one context of which everything has been received. frame_samples: not of PCM."""
    (opened,) = peer.messages("opened", ctx)
    own = [
        message
        for message in peer.received
        if (isinstance(message, Frame) and message.ch == opened["ch"])
        or (isinstance(message, dict) and message.get("ctx") == ctx)
    ]
    pts = seq = 0
    segment: int | None = None
    for message in own:
        if isinstance(message, Frame):
            assert (message.seq, message.pts, message.segment) == (seq, pts, segment)
            seq, pts = seq + 1, pts + (frame_samples or len(message.payload) // 2)
        elif message["type"] == "segment":
            assert segment is None
            assert message["pts"] == pts
            segment = message["segment"]
        elif message["type"] == "segment_end":
            assert (message["segment"], message["pts"]) == (segment, pts)
            segment = None
    assert own[-1]["type"] == "done"  # type: ignore[index]
    assert len(peer.messages("done", ctx)) == 1
    assert own[-1]["samples"] == pts  # type: ignore[index]

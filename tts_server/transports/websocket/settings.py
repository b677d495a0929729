"""What the WebSocket door may be told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebSocketSettings:
    """Limits and time-outs of a WebSocket connection; those of texts are the core's."""

    max_message_bytes: int = 65_536
    max_contexts: int = 8  # per connection
    messages_per_s: int = 200
    messages_burst: int = 400
    chars_per_min: int = 0  # of one token and one address; 0: no limit
    bad_messages: int = 20  # in a burst; one is forgiven every 10 s
    max_lead_ms: int = 1000  # how far sending runs ahead of playing when the client does not say
    raw_lead_ms: int = 300  # the same with the framing `raw`, for small devices
    max_buffered_ms: int = 500  # audio made and not yet due to be sent, per context
    idle_s: float = 300.0  # a connection without contexts and messages is closed after this
    write_stall_s: float = 10.0  # a peer that takes no data for so long is given up
    engine_timeout_s: float = 30.0
    ping_s: float = 20.0  # between WebSocket pings, and for their answers
    auth_timeout_s: float = 5.0  # for `hello` with a token, where the handshake brought none
    max_unauthenticated: int = 16  # connections that have shown no token yet
    max_unauthenticated_bytes: int = 2048  # length of their messages
    token_grace_s: float = 60.0  # a connection whose token has expired is closed after this
    resume_s: float = 30.0  # a session is kept for so long after its connection was lost; 0: not at all
    max_detached: int = 64  # sessions without a connection
    replay_s: float = 10.0  # sent audio is kept for a client that comes back, for so long at most
    replay_bytes: int = 2**20  # and so much of it at most, per connection
    box: str = ""  # the name of this one among several
    drain_s: float = 10.0  # after `bye` with `drain`, speech may go on for so long

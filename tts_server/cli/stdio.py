"""`tts-server stdio`: one Wyoming client on standard input and output, with an engine host of its own."""

import asyncio
import os
import socket
import sys
import threading

from tts_server.config.settings import Config
from tts_server.daemon.door_settings import wyoming_limits
from tts_server.daemon.startup import running_core
from tts_server.transports.wyoming.door import WyomingDoor

_READ_BYTES = 64 * 1024


def serve(config: Config) -> None:
    """Serve until the input has ended and all that was asked has been said."""
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    # Whatever standard input and output are (a pipe, a file, a terminal): the conversation has a socket.
    ours, theirs = socket.socketpair()
    threading.Thread(target=_copy_in, args=(theirs,), daemon=True).start()
    writing = threading.Thread(target=_copy_out, args=(theirs,), daemon=True)
    writing.start()
    async with running_core(config) as synthesizer:
        reader, writer = await asyncio.open_connection(sock=ours)
        await WyomingDoor(synthesizer, wyoming_limits(config)).serve(reader, writer)
    await asyncio.to_thread(writing.join)


def _copy_in(link: socket.socket) -> None:
    try:
        while received := os.read(sys.stdin.fileno(), _READ_BYTES):
            link.sendall(received)
        link.shutdown(socket.SHUT_WR)
    except OSError:  # the conversation ended first
        return


def _copy_out(link: socket.socket) -> None:
    try:
        while received := link.recv(_READ_BYTES):
            sys.stdout.buffer.write(received)
            sys.stdout.buffer.flush()
    except OSError:  # nobody listens any more: that ends the conversation
        link.close()

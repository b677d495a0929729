"""Users of all three doors for locust: each asks for sentences, and notes the first audio and the end of the last.

    locust -f tests/load/locustfile.py --headless -u 9 -r 3 -t 30s --host http://127.0.0.1:8080 --wyoming-port 10200

`make load` starts a daemon of its own on loopback and does this. Needs the packages of requirements/load.txt alone.
"""

import itertools
import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import requests
import websocket
from locust import User, between, events, task
from locust.argument_parser import LocustArgumentParser

SENTENCES = (
    "现在是下午{n}点，室外温度{n}度。",
    "第{n}号洗衣机已经洗完了，请记得晾衣服。",
    "主人，门口有{n}位客人，要开门吗？",
    "The lights in room {n} are off.",
)
TIMEOUT_S = 30
_numbers = itertools.count(1)  # no two texts are the same: nothing comes out of a cache


@events.init_command_line_parser.add_listener
def add_arguments(parser: LocustArgumentParser) -> None:
    parser.add_argument("--wyoming-port", type=int, default=10200, help="Port of the Wyoming door")


def sentence() -> str:
    return random.choice(SENTENCES).format(n=next(_numbers))


class Listener(User):
    """Asks, listens to the end, waits a little."""

    abstract = True
    wait_time = between(0.3, 1.0)
    door = ""

    @task
    def listen(self) -> None:
        began = time.perf_counter()
        first_s, received, error = None, 0, None
        try:
            for audio in self.speak(sentence()):
                first_s = first_s or time.perf_counter() - began
                received += len(audio)
            if not received:
                raise RuntimeError("no audio came")
        except Exception as failure:  # whatever it is, it is a failed text in the table
            error = failure
        whole_s = time.perf_counter() - began
        for name, seconds in (("first audio", first_s), ("whole text", whole_s)):
            if seconds is not None:
                self.environment.events.request.fire(
                    request_type=self.door,
                    name=name,
                    response_time=1000 * seconds,
                    response_length=received,
                    exception=error if name == "whole text" else None,
                    context={},
                )

    def speak(self, text: str) -> Iterator[bytes]:
        """The audio of a text, piece by piece."""
        raise NotImplementedError


class HttpUser(Listener):
    door = "HTTP"

    def on_start(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def speak(self, text: str) -> Iterator[bytes]:
        url = f"{self.environment.host}/api/tts"
        form = random.choice(("wav", "mp3", "opus"))
        request = {"text": text, "format": form, "emotion": random.choice(("neutral", "happy", "sad"))}
        with self.session.post(url, json=request, stream=True, timeout=TIMEOUT_S) as answer:
            answer.raise_for_status()
            yield from answer.iter_content(None)


class WebSocketUser(Listener):
    door = "WebSocket"

    def on_start(self) -> None:
        address = urlsplit(self.environment.host).netloc
        self.connection = websocket.create_connection(
            f"ws://{address}/ws/v1", subprotocols=["tts-stream.v1"], timeout=TIMEOUT_S, suppress_origin=True
        )
        self.names = itertools.count(1)

    def on_stop(self) -> None:
        self.connection.close()

    def speak(self, text: str) -> Iterator[bytes]:
        ctx = f"c{next(self.names)}"
        self.connection.send(json.dumps({"type": "open", "ctx": ctx, "flow": "none"}))
        self.connection.send(json.dumps({"type": "text", "ctx": ctx, "text": text, "end": True}))
        while True:
            message = self.connection.recv()
            if isinstance(message, bytes):
                yield message[16:]  # behind the frame's header
                continue
            told = json.loads(message)
            if told["type"] == "error" or told.get("error"):
                raise RuntimeError(message)
            if told["type"] == "done":
                return


class WyomingUser(Listener):
    """As Home Assistant does it: a connection for every text."""

    door = "Wyoming"

    def speak(self, text: str) -> Iterator[bytes]:
        port = self.environment.parsed_options.wyoming_port
        with closing(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)) as connection:
            event = {"type": "synthesize", "data": {"text": text}}
            connection.sendall(json.dumps(event).encode() + b"\n")
            with connection.makefile("rb") as stream:
                while head := stream.readline():
                    told = json.loads(head)
                    stream.read(told.get("data_length") or 0)
                    payload = stream.read(told.get("payload_length") or 0)
                    if told["type"] == "audio-chunk":
                        yield payload
                    elif told["type"] == "audio-stop":
                        return
                    elif told["type"] == "error":
                        raise RuntimeError("the daemon answered with an error")
        raise RuntimeError("the daemon hung up")

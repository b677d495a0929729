from collections.abc import Iterator

import pytest

import tts_server.engine_host.link  # noqa: F401 - has an error class of its own
from protocol.errors import ErrorCode
from tts_server import errors
from tts_server.errors import BadRequest, EngineFailed, TTSError, VoiceUnknown
from tts_server.transports.error_codes import CODES, code_of, status_of


def family(cls: type[TTSError]) -> Iterator[type[TTSError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from family(child)


@pytest.mark.parametrize("cls", [cls for cls in family(TTSError) if cls.__module__ == errors.__name__])
def test_every_error_has_a_row_of_its_own(cls: type[TTSError]) -> None:
    assert cls in CODES


@pytest.mark.parametrize("cls", [cls for cls in family(TTSError) if cls.__module__ != errors.__name__])
def test_an_error_of_another_room_is_told_apart_from_an_internal_one(cls: type[TTSError]) -> None:
    assert code_of(cls("x")) is not ErrorCode.INTERNAL


def test_a_class_without_a_row_gets_that_of_the_nearest_one_it_comes_from() -> None:
    class Narrower(EngineFailed):
        pass

    assert (code_of(Narrower("x")), status_of(Narrower("x"))) == (ErrorCode.ENGINE_FAILED, 500)


def test_codes_and_statuses_are_those_that_clients_know() -> None:
    assert (code_of(VoiceUnknown("x")), status_of(VoiceUnknown("x"))) == (ErrorCode.VOICE_UNKNOWN, 404)
    assert (code_of(BadRequest("x")), status_of(BadRequest("x"))) == (ErrorCode.BAD_MESSAGE, 400)


def test_only_the_peer_is_blamed_with_a_4xx() -> None:
    for cls, (_, status) in CODES.items():
        is_the_peers_fault = issubclass(cls, (BadRequest, errors.Refused, errors.Unauthorized, errors.RateLimited))
        assert (400 <= status < 500) is is_the_peers_fault, cls

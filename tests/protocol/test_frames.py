import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import HEADER, Frame, FrameFlags, FrameInvalid

frames = st.builds(
    Frame,
    ch=st.integers(0, 2**16 - 1),
    seq=st.integers(0, 2**32 - 1),
    segment=st.integers(0, 2**32 - 1),
    pts=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=64),
    flags=st.integers(0, 31).map(FrameFlags),
    kind=st.integers(0, 15),
)


@given(frames)
def test_what_is_packed_is_parsed_again(frame: Frame) -> None:
    assert Frame.parse(frame.pack()) == frame


def test_the_header_is_what_the_protocol_says() -> None:
    frame = Frame(ch=7, seq=1, segment=2, pts=24000, payload=b"\1\2", flags=FrameFlags.FIRST | FrameFlags.LAST)
    assert frame.pack().hex() == "1103" + "0007" + "00000001" + "00000002" + "00005dc0" + "0102"


def test_pts_begins_anew_after_32_bits() -> None:
    assert Frame.parse(Frame(ch=1, seq=0, segment=0, pts=2**32 + 5, payload=b"").pack()).pts == 5


@given(st.binary(max_size=40))
def test_bytes_are_a_frame_or_refused(message: bytes) -> None:
    if len(message) >= HEADER.size and message[0] >> 4 == 1:
        assert Frame.parse(message).pack() == message
    else:
        with pytest.raises(FrameInvalid):
            Frame.parse(message)

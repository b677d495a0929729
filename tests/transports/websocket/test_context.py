"""What the messages of one context do over a real core."""

import asyncio

import pytest

from tests.support import fixtures
from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import open_door
from tests.support.websocket_peer import Peer, peer_of
from tests.transports.websocket.heard import audio_of, check_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

core = fixtures.core


async def test_segments_and_marks_tell_the_clients_own_text(peer: Peer) -> None:
    await peer.send("open", marks="char")
    await peer.send("text", text="**你好**。😀再见。", end=True)
    await peer.wait_for("done")
    first, second = peer.messages("segment")
    assert (first["text"], first["spoken"]) == ("你好**。", "你好。")
    assert (second["text"], second["spoken"], second["from"], second["to"]) == ("再见。", "再见。", 8, 11)
    items = [item for message in peer.messages("marks") for item in message["items"]]
    assert items == [[2, 3, 0, 100], [3, 4, 100, 200], [8, 9, 200, 300], [9, 10, 300, 400]]
    kinds = [message["type"] if isinstance(message, dict) else "frame" for message in peer.received]
    assert kinds.index("segment") < kinds.index("marks") < kinds.index("frame")


async def test_an_emotion_holds_from_its_place_in_the_text(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="happy")
    await peer.send("text", text="太好了，你赢了！可是")
    await peer.send("emotion", ref="2", emotion="难过")
    await peer.send("text", text="明天要下雨。")
    await peer.send("emotion", ref="3", emotion="happy", scope="segment")
    await peer.send("text", text="没事。走吧。", end=True)
    await peer.wait_for("done")
    said = [(segment["text"], segment["emotion"]) for segment in peer.messages("segment")]
    assert said == [
        *(("太好了，你赢了！", "happy"), ("可是", "happy"), ("明天要下雨。", "sad")),
        *(("没事。", "happy"), ("走吧。", "sad")),
    ]
    first, second = peer.messages("applied")
    assert (first["ref"], first["asked"], first["used"], first["at"]) == ("2", "难过", "sad", 10)
    assert second["at"] == 16
    places = [message.get("ref") or message["text"] for message in peer.messages() if message["type"] in
              ("segment", "applied")]  # fmt: skip
    assert places.index("2") < places.index("明天要下雨。")
    assert places.index("2") > places.index("可是")
    check_order(peer, "main")


async def test_an_emotion_the_voice_lacks_is_told_or_refused(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="angry")
    opened = await peer.wait_for("opened")
    assert opened["emotion"] == "neutral"
    assert peer.messages("notice")[0]["code"] == "emotion_fallback"
    await peer.send("open", ref="2", ctx="strict", emotion="angry", strict=True)
    assert (await peer.wait_for("error"))["code"] == "emotion_unknown"
    assert peer.messages("done", "strict") == []


async def test_a_word_that_is_no_emotion_is_told_and_a_mood_may_stand_behind_the_voice(peer: Peer) -> None:
    await peer.send("open", ref="1", ctx="a", emotion="hapy")
    assert (await peer.wait_for("opened"))["emotion"] == "neutral"
    notice = peer.messages("notice")[0]
    assert (notice["code"], notice["ctx"]) == ("emotion_unknown", "a")
    assert "'hapy'" in notice["message"]
    await peer.send("open", ref="2", ctx="b", voice="tone||happy")
    told = await peer.wait_for("opened", ctx="b")
    assert (told["voice"], told["emotion"]) == ("tone", "happy")
    assert len(peer.messages("notice")) == 1


async def test_set_changes_speed_for_the_next_segments(peer: Peer) -> None:
    await peer.send("set", ref="1", speed=2.0, voice="tone")
    await peer.send("text", text="你好。", end=True)
    await peer.wait_for("done")
    (applied,) = peer.messages("applied")
    assert (applied["what"], applied["used"], applied["at"]) == ("set", {"speed": 2.0, "voice": "tone"}, 0)


async def test_flushed_follows_the_audio_of_the_text_before_it(peer: Peer) -> None:
    await peer.send("text", text="没有句号")
    await peer.send("flush", ref="1")
    flushed = await peer.wait_for("flushed")
    assert (flushed["ref"], flushed["segment"]) == ("1", 0)
    assert len(audio_of(peer)) == 4 * SAMPLES_PER_CHARACTER
    await peer.send("text", text="还有", flush=True, ref="2")
    assert (await peer.wait_for("flushed"))["ref"] == "2"
    assert len(audio_of(peer)) == 6 * SAMPLES_PER_CHARACTER
    await peer.send("end")
    assert (await peer.wait_for("done"))["segments"] == 2


async def test_a_flush_whose_place_is_never_reached_is_answered_all_the_same(peer: Peer) -> None:
    await peer.send("text", text="很长的一段话，" * 20)
    await peer.send("flush", ref="f")
    await peer.wait_for_frame()
    await peer.send("cancel", ref="c")
    await peer.wait_for("done")
    assert [message["type"] for message in peer.messages() if message.get("ref") == "f"] == ["error"]


async def test_an_emoji_cut_in_two_by_a_client_is_one_again(peer: Peer) -> None:
    for text in ("\ud83d", "\ude00好\\\ud83d", "\ude00。"):
        await peer.send("text", text=text)
    await peer.send("end")
    done = await peer.wait_for("done")
    assert (done["reason"], done["chars"], done["samples"]) == ("end", 5, SAMPLES_PER_CHARACTER)
    assert not peer.messages("error")


async def test_text_that_cannot_be_spoken_is_noticed(peer: Peer) -> None:
    await peer.send("text", text="😀", end=True)
    done = await peer.wait_for("done")
    assert (done["reason"], done["segments"], done["samples"]) == ("end", 0, 0)
    assert peer.messages("notice")[0]["code"] == "nothing_to_say"


async def test_text_waits_for_its_sentence_end_no_longer_than_asked(peer: Peer) -> None:
    await peer.send("open", max_delay_ms=100)
    await peer.send("text", text="没有句号")
    assert (await peer.wait_for("segment_end"))["samples"] == 4 * SAMPLES_PER_CHARACTER


async def test_a_silent_context_ends_by_itself(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("open", ctx_idle_ms=5000)
        opened_at = asyncio.get_running_loop().time()
        done = await peer.wait_for("done")
        assert done["reason"] == "idle"
        assert 4.5 < asyncio.get_running_loop().time() - opened_at < 7


async def test_a_context_takes_nothing_more_after_its_end(peer: Peer) -> None:
    await peer.send("open")
    await peer.send("text", text="一二三四五六七八九十一二三四五六七八。", end=True)
    await peer.send("open", ref="1")
    assert (await peer.wait_for("error"))["code"] == "ctx_exists"
    await peer.send("text", text="还有", ref="2")
    assert (await peer.wait_for("error"))["code"] == "bad_state"
    assert (await peer.wait_for("done"))["reason"] == "end"

"""Boxes that are stopped and restarted behind HAProxy, under requests: run by `make deploy-check` (minutes)."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.deploy.balancer import balancer
from tests.deploy.house import DOORS, ROOT, House, RestartedBox, house, over_wyoming


@pytest.mark.timeout(120)
async def test_a_box_that_stops_finishes_what_it_says_and_gets_nothing_new(tmp_path: Path) -> None:
    long_text = "今天天气不错，我们出去走走，晚上再回家吃饭吧。" * 2
    async with house(tmp_path) as boxes:
        whole = await over_wyoming(boxes, long_text)
        async with asyncio.TaskGroup() as tasks:
            speaking = [tasks.create_task(door(boxes, long_text)) for door in DOORS for _ in range(2)]
            await asyncio.sleep(0.05)
            boxes.daemons["box2"].process.send_signal(signal.SIGTERM)
            others = [tasks.create_task(door(boxes)) for door in DOORS]
        assert {task.result() for task in speaking} == {whole}
        assert all(task.result() for task in others)


@pytest.mark.timeout(180)
async def test_boxes_are_restarted_in_turn_without_a_failed_request(tmp_path: Path) -> None:
    """The script of `deploy`, under a steady stream of requests at all doors."""
    async with AsyncExitStack() as stack:
        boxes = [await stack.enter_async_context(RestartedBox(name, tmp_path).running()) for name in ("box1", "box2")]
        before = await stack.enter_async_context(balancer(tmp_path, {box.name: box.ports for box in boxes}))
        await before.wait_for("UP", "box1", "box2")
        house, is_over = House(before, {}), asyncio.Event()

        async def steadily(number: int) -> int:
            count = 0
            while not is_over.is_set():
                assert await DOORS[number](house)
                count += 1
            return count

        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(steadily(number)) for number in range(3)]
            script = await asyncio.create_subprocess_exec(
                *(sys.executable, ROOT / "deploy/haproxy/rolling_restart.py", "--socket", before.socket),
                *(f"{box.name}={box.restart_command}" for box in boxes),
                cwd=ROOT,
            )
            assert await script.wait() == 0
            is_over.set()
        assert min(task.result() for task in asking) > 3

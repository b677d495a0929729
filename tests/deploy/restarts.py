"""Boxes that are stopped and restarted behind HAProxy, under requests: run by `make deploy-check` (minutes)."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.deploy.house import BEHIND, DOORS, ROOT, house, over_wyoming


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
    async with house(tmp_path) as boxes:
        config = (tmp_path / "haproxy.cfg").read_text(encoding="utf-8")
        commands = []
        for name, daemon in boxes.daemons.items():
            agent = next(line for line in config.splitlines() if f"server {name} " in line).rpartition(" ")[2]
            environment = {**BEHIND, "TTS_SERVER__SERVER__AGENT_PORT": agent, "TTS_SERVER__DISCOVERY__ENABLED": "false"}
            told = " ".join(f"{key}='{value}'" for key, value in environment.items())
            run = f"{sys.executable} -m tts_server run --host 127.0.0.1 --wyoming-port {daemon.wyoming_port}"
            log = tmp_path / f"{name}.pid"
            stop = f"kill -TERM {daemon.process.pid}; tail --pid={daemon.process.pid} -f /dev/null"
            start = f"env {told} {run} --http-port {daemon.http_port} >/dev/null 2>&1 & echo $! >{log}"
            commands.append(f"{name}={stop}; {start}")
        is_over = asyncio.Event()

        async def steadily(number: int) -> int:
            count = 0
            while not is_over.is_set():
                assert await DOORS[number](boxes)
                count += 1
            return count

        try:
            async with asyncio.TaskGroup() as tasks:
                asking = [tasks.create_task(steadily(number)) for number in range(3)]
                script = await asyncio.create_subprocess_exec(
                    *(sys.executable, ROOT / "deploy/haproxy/rolling_restart.py", "--socket", boxes.balancer.socket),
                    *commands,
                    cwd=ROOT,
                )
                assert await script.wait() == 0
                is_over.set()
            assert min(task.result() for task in asking) > 3
        finally:
            for pid_file in tmp_path.glob("*.pid"):  # noqa: ASYNC240
                os.kill(int(pid_file.read_text()), signal.SIGTERM)

#!/usr/bin/env python3
"""Restarts boxes behind HAProxy one after the other; nobody who is being spoken to is cut off.

    rolling_restart.py --socket /run/haproxy/admin.sock box1="ssh box1 systemctl restart tts-server" box2="..."

Of each box: nobody new is sent there, those who are there finish (for at most --patience seconds), the command is run,
and the next box has its turn when HAProxy uses this one again. Needs Python alone, ends with 1 when a box stays away.
"""

import argparse
import csv
import io
import socket
import subprocess
import sys
import time
from collections.abc import Callable

LOOK_S = 0.2


def main() -> int:
    """One box after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--socket", default="/run/haproxy/admin.sock", help="HAProxy's stats socket, level admin")
    parser.add_argument("--backends", default="wyoming,http", help="the backends a box is in")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for speech under way")
    parser.add_argument("--back", type=float, default=120.0, help="seconds for a box to be ready again")
    parser.add_argument(
        "boxes", nargs="+", metavar="NAME=COMMAND", help="a server of the backends, and what restarts it"
    )
    wanted = parser.parse_args()
    balancer = Balancer(wanted.socket, wanted.backends.split(","))
    for box, _, command in (each.partition("=") for each in wanted.boxes):
        if not restart(balancer, box, command, wanted.patience, wanted.back):
            print(f"{box} did not come back within {wanted.back:g} s; the others are left alone", file=sys.stderr)
            return 1
    return 0


def restart(balancer: "Balancer", box: str, command: str, patience_s: float, back_s: float) -> bool:
    """Drain, restart and wait for one box. False when it does not come back."""
    print(f"{box}: nobody new is sent there", flush=True)
    balancer.order(box, "drain")
    if not wait(lambda: balancer.sessions(box) == 0, patience_s):
        print(f"{box}: {balancer.sessions(box)} connections stay; the daemon lets them finish in its grace", flush=True)
    subprocess.run(command, shell=True, check=True)
    print(f"{box}: restarted", flush=True)
    # Its own check must fail once before a good one means anything: a box that was quick enough is fine too.
    wait(lambda: not balancer.is_well(box), 2.0)
    is_back = wait(lambda: balancer.is_well(box), back_s)
    balancer.order(box, "ready")
    # A box that just became ready may have told the agent-check "down" a moment ago: until that asks again, it is down.
    return is_back and wait(lambda: balancer.is_used(box), back_s)


def wait(is_so: Callable[[], bool], patience_s: float) -> bool:
    """Look again and again; False when it is not so in time."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True


class Balancer:
    """HAProxy, by its stats socket."""

    def __init__(self, path: str, backends: list[str]) -> None:
        self._path = path
        self._backends = backends

    def order(self, box: str, state: str) -> None:
        """drain: nobody new; ready: as before."""
        for backend in self._backends:
            if answer := self._ask(f"set server {backend}/{box} state {state}").strip():
                raise SystemExit(f"HAProxy says: {answer}")

    def sessions(self, box: str) -> int:
        """How many connections are open to it."""
        return sum(int(row["scur"]) for row in self._rows(box, f"{box}-anyhow"))

    def is_well(self, box: str) -> bool:
        """Whether its health check passes, drained or not."""
        return all(row["check_status"] in ("L7OK", "L4OK") for row in self._rows(box))

    def is_used(self, box: str) -> bool:
        """Whether somebody who comes now may be sent there: both checks have passed, and it is not drained."""
        return all(row["status"].startswith(("UP", "no check")) for row in self._rows(box))

    def _rows(self, *names: str) -> list[dict[str, str]]:
        table = csv.DictReader(io.StringIO(self._ask("show stat").removeprefix("# ")))
        return [row for row in table if row["pxname"] in self._backends and row["svname"] in names]

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connected:
            connected.connect(self._path)
            connected.sendall(command.encode() + b"\n")
            answer = b""
            while part := connected.recv(65536):
                answer += part
        return answer.decode()


if __name__ == "__main__":
    sys.exit(main())

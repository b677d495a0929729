"""What is tried on a booted box, in this order: each check leaves it speaking."""

import json
import re
import time
from collections.abc import Callable
from typing import Final

from tests.box.machine import Machine

PYTHON: Final = "$(readlink -f /opt/tts-server/bin)/python"  # through the link it does not find its environment
DOORS: Final = f"{PYTHON} /src/tests/box/doors.py"
CONFIG: Final = "/etc/tts-server/config.toml"
LONG: Final = "一二三四五六七八九十。" * 12
LONG_S: Final = 20.0  # it is at least so many seconds of speech
GOOD: Final = '[voices]\ndefault = "baker"\n[discovery]\nname = "Kitchen"\n'


class Box:
    """A machine with the service on it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.run = machine.run

    def spoken(self, *options: str, door: str = "http") -> float | str:
        """Seconds of speech from one door, or why there is none."""
        done = self.run(f"{DOORS} --only {door} {' '.join(options)}", check=False)
        found: float | str = json.loads(done.stdout)[door]
        return found

    def until_it_speaks(self, patience_s: float = 60.0) -> float:
        """Seconds until it does."""
        begun = time.monotonic()
        while not isinstance(said := self.spoken(), float):
            if time.monotonic() > begun + patience_s:
                raise RuntimeError(f"it does not speak: {said}")
        return time.monotonic() - begun

    def show(self, what: str) -> str:
        return self.run(f"systemctl show -P {what} tts-server").stdout.strip()

    def ready(self) -> tuple[int, str]:
        """Status of /readyz, and the code of its error."""
        code = (
            "import json,urllib.request as u,urllib.error as e\n"
            "try: print(u.urlopen('http://127.0.0.1:8080/readyz').status)\n"
            "except e.HTTPError as x: print(x.code, json.load(x)['error']['code'])"
        )
        told = self.run(f'{PYTHON} -c "{code}"').stdout.split()
        return int(told[0]), told[1] if len(told) > 1 else ""


def before(box: Box) -> str:
    """The release before, as its owner has set it up."""
    box.run("make -C /before install")
    box.machine.write(CONFIG, GOOD)
    box.run("systemctl restart tts-server")
    box.until_it_speaks()
    box.run("mkdir -p /var/lib/tts-server/voices/mine && echo kept >/var/lib/tts-server/voices/mine/pack.json")
    box.machine.write("/etc/tts-server/engines.txt", "tts-server-beep==1.0\n")
    return "speaks"


def install(box: Box) -> str:
    done = box.run("make -C /src install")
    assert "It is ready to speak" in done.stdout, done.stdout[-500:]
    assert box.run("cat /var/lib/tts-server/voices/mine/pack.json").stdout == "kept\n"
    assert box.run(f"cat {CONFIG}").stdout == GOOD
    assert int(box.run("find /var/cache/tts-server/ -name '*.segment' | wc -l").stdout) > 0, "the cache is gone"
    said = box.spoken("--voice", "beep")
    assert isinstance(said, float), said
    return "settings, voices, cache and an engine of others are kept"


def status(box: Box) -> str:
    assert box.show("ActiveState") == "active"
    assert box.ready() == (200, "")
    return box.show("StatusText")


def security(box: Box) -> str:
    told = box.run("systemd-analyze security --no-pager tts-server | tail -n 1").stdout
    said = box.run("systemd-analyze --man=no verify tts-server.service tts-server.socket 2>&1", check=False).stdout
    said = "\n".join(line for line in said.splitlines() if "tts-server" in line)
    assert not said, said
    return f"{re.findall(r'[0-9.]+', told)[-1]}; verify is silent"


def doors(box: Box) -> str:
    found = json.loads(box.run(DOORS).stdout)
    return ", ".join(f"{name} {spoken} s" for name, spoken in found.items())


def reload_while_speaking(box: Box) -> str:
    speaking = box.machine.start(f"{DOORS} --only http --text {LONG}")
    box.run("sleep 0.5; systemctl reload tts-server")
    spoken = json.loads(speaking.communicate()[0])["http"]
    assert spoken > LONG_S, spoken
    return "all of the speech comes"


def restart_while_speaking(box: Box) -> str:
    speaking = box.machine.start(f"{DOORS} --only http --text 重启{LONG}")
    box.run("sleep 0.5; systemctl restart tts-server")
    spoken = json.loads(speaking.communicate()[0])["http"]
    assert isinstance(spoken, str) or spoken > LONG_S, spoken
    return f"{'all of the speech comes' if isinstance(spoken, float) else 'it is cut off with an error'}; speaks again"


def ten_restarts(box: Box) -> str:
    box.run("for n in 1 2 3 4 5 6 7 8 9 10; do systemctl --no-block restart tts-server; sleep 0.3; done")
    return f"speaks {box.until_it_speaks():.1f} s after the last"


def kill_daemon(box: Box) -> str:
    box.run("systemctl kill --kill-whom=main --signal=KILL tts-server")
    return f"speaks after {box.until_it_speaks():.1f} s"


def kill_engine_host(box: Box) -> str:
    box.run("kill -KILL $(cat /proc/$(systemctl show -P MainPID tts-server)/task/*/children)")
    return f"speaks after {box.until_it_speaks():.1f} s"


def bad_configuration(box: Box) -> str:
    box.machine.write(CONFIG, "[voices]\ndefalt = 1\n")
    box.run("systemctl restart tts-server")
    told = box.show("StatusText")
    assert "voices.defalt" in told, told
    assert box.ready() == (503, "config_invalid")
    failed = box.run("make -C /src install PREFIX=/opt/tts-server", check=False, timeout_s=900)
    assert failed.returncode != 0
    assert "cannot speak" in failed.stderr, failed.stderr[-300:]
    box.machine.write(CONFIG, GOOD)
    return f"status and /readyz say so, make install fails; speaks {box.until_it_speaks():.1f} s after its correction"


def full_disk(box: Box) -> str:
    box.run("systemctl stop tts-server.socket tts-server; mount -t tmpfs -o size=1m,mode=700 none /var/cache/private")
    try:
        box.run("systemctl start tts-server.socket tts-server")
        box.run("cat /dev/zero >/var/cache/private/filler", check=False)
        for text in ("磁盘满了，还是要说话。", "还有一句。"):
            said = box.spoken("--text", text)
            assert isinstance(said, float), said
        warnings = box.run("journalctl -b -u tts-server -o cat | grep -c 'cannot be kept'", check=False).stdout.strip()
    finally:
        box.run("systemctl stop tts-server.socket tts-server; umount /var/cache/private")
        box.run("systemctl start tts-server.socket tts-server")
        box.until_it_speaks()
    assert warnings == "1", warnings
    return "speaks; one warning"


def read_only_etc(box: Box) -> str:
    box.run("mount --bind /etc /etc && mount -o remount,bind,ro /etc && systemctl restart tts-server")
    try:
        waited_s = box.until_it_speaks()
    finally:
        box.run("umount /etc")
    return f"speaks after {waited_s:.1f} s"


def tokens(box: Box) -> str:
    box.machine.write("/etc/credstore/tts-server.tokens", "kitchen 0123456789abcdef\n", 0o600)
    box.machine.write(CONFIG, GOOD + '[access]\nmode = "token"\n')
    box.run("systemctl restart tts-server")
    try:
        without, with_token = box.spoken(), box.spoken("--token", "0123456789abcdef")
        assert "401" in str(without), without
        assert isinstance(with_token, float), with_token
    finally:
        box.machine.write(CONFIG, GOOD)
        box.run("systemctl restart tts-server")
    return "without: 401; with: speaks"


def power_cut(box: Box) -> str:
    speaking = box.machine.start(f"{DOORS} --only http --text 断电{LONG}")
    time.sleep(1.5)
    box.machine.pull_the_cord()
    speaking.communicate()
    box.machine.switch_on()
    return f"speaks {box.until_it_speaks():.1f} s after it has booted"


def failed_upgrade(box: Box) -> str:
    release = box.run("readlink -f /opt/tts-server/bin").stdout
    failed = box.run(
        "PIP_FIND_LINKS=/nowhere PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 make -C /src install", check=False
    )
    assert failed.returncode != 0
    assert box.run("readlink -f /opt/tts-server/bin").stdout == release
    box.run("systemctl restart tts-server")
    return f"the release before speaks on ({box.until_it_speaks():.1f} s)"


def uninstall(box: Box) -> str:
    box.run("make -C /src uninstall")
    assert box.run("systemctl is-active tts-server.socket tts-server", check=False).returncode != 0
    assert box.run("ls /opt", check=False).stdout == ""
    assert box.run(f"cat {CONFIG}").stdout == GOOD
    return "gone; settings and voices are there"


CHECKS: Final[dict[str, Callable[[Box], str]]] = {
    "the release before is installed": before,
    "`sudo make install` over it": install,
    "ready, and its status": status,
    "`systemd-analyze security`": security,
    "every door": doors,
    "reload in the middle of speech": reload_while_speaking,
    "restart in the middle of speech": restart_while_speaking,
    "ten restarts in a row": ten_restarts,
    "the daemon is killed": kill_daemon,
    "the engine host is killed": kill_engine_host,
    "a mistake in the configuration": bad_configuration,
    "the cache's disk is full": full_disk,
    "`/etc` is read-only": read_only_etc,
    "tokens by credential": tokens,
    "power cut in the middle of speech": power_cut,
    "an upgrade that fails": failed_upgrade,
    "`sudo make uninstall`": uninstall,
}

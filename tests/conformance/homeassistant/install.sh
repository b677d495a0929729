#!/usr/bin/env bash
# Home Assistant 2026.2.3 in an environment of its own:  install.sh PYTHON313 FOLDER
# Its last release for Python 3.13, with its own test package; what it imports is pinned by its own constraints.
set -euo pipefail

python=$1
folder=$2
wanted="homeassistant==2026.2.3 pytest-homeassistant-custom-component==0.13.316 mypy==2.4.1"
if [ "$(cat "$folder/done" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
    echo "error: $python is not Python 3.13; name one: make integration PYTHON313=/path/to/python3.13" >&2
    exit 1
fi
echo "==> Installing Home Assistant 2026.2.3 into $folder (0.8 GB)"
"$python" -m venv "$folder"
pip() {
    "$folder/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --ignore-requires-python "$@"
}
# Its own constraints come first: without them pip goes through old releases of what has no wheel for this Python.
pip --no-deps homeassistant==2026.2.3
constraints=$("$folder/bin/python" -c "import importlib.util, pathlib
print(pathlib.Path(importlib.util.find_spec('homeassistant').origin).parent / 'package_constraints.txt')")
# shellcheck disable=SC2086 # a list
pip -c "$constraints" $wanted wyoming==1.7.2 hassil home-assistant-intents mutagen ha-ffmpeg pymicro-vad \
    pyspeex-noise aiohttp_cors PyTurboJPEG zeroconf
echo "$wanted" >"$folder/done"

#!/usr/bin/env bash
# Seen: where a cache of an older SDK lies, modelscope's snapshot_download(revision="v2.0", local_files_only=True) gives its files for any revision.
# Whom: programs that pin a model's revision and run offline: they load other weights than they asked for, with a line of log at most.
# Why:  the older layout has no revision in its path, and the newer SDK takes such a folder as it is.
# Way out: give the SDK a cache folder of your own (cache_dir=...), or compare the files with hashes that you keep.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" &&
    "$folder/bin/pip" install --quiet modelscope==1.40.2 modelscope-hub==0.5.1 || exit 2

export HOME="$folder/home" MODELSCOPE_CACHE="$folder/cache"
mkdir -p "$HOME" "$MODELSCOPE_CACHE/hub/somebody/voice"
echo '{"version": "1.0"}' >"$MODELSCOPE_CACHE/hub/somebody/voice/configuration.json" # the layout of older releases

"$folder/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from modelscope.hub.snapshot_download import snapshot_download

print("modelscope", version("modelscope"), "modelscope-hub", version("modelscope-hub"))
for revision in ("v1.0", "v2.0", "no-such-revision"):
    try:
        found = snapshot_download("somebody/voice", revision=revision, local_files_only=True)
    except Exception as error:
        sys.exit(f"changed: {revision} is not given from the old folder: {type(error).__name__}")
    inside = json.loads((Path(found) / "configuration.json").read_text())
    print(f"asked for {revision}: given version {inside['version']}")
PYTHON

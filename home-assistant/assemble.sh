#!/usr/bin/env bash
# Makes a repository of apps that Home Assistant's Supervisor can take:  assemble.sh FOLDER
# The Supervisor builds an app out of its own folder alone, so the sources are laid into it. Copy FOLDER/tts_server into
# /addons of a Home Assistant OS, or publish FOLDER as a git repository of its own.
set -euo pipefail

sources=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
app=$folder/tts_server
rm -rf "$app"
mkdir -p "$app/source"
cp "$sources/home-assistant/repository.yaml" "$folder/"
cp -r "$sources/home-assistant/app/." "$app/"
cp "$sources/CHANGELOG.md" "$app/CHANGELOG.md"
for part in CHANGELOG.md LICENSE README.md config.example.toml protocol pyproject.toml requirements systemd tts_server; do
    cp -r "$sources/$part" "$app/source/"
done
find "$app" -name __pycache__ -type d -prune -exec rm -rf {} +
echo "==> The app is in $app"

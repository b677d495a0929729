#!/usr/bin/env bash
# Installs lock layers into an environment:  install.sh PYTHON LAYER...
# Wheels only, each with a hash of the lock, and nothing that the lock does not name.
#   TORCH_INDEX   address of an index of CPU-only torch builds, where pip's own index has none
set -euo pipefail

locks=$(cd "$(dirname "$0")" && pwd)
python=$1
shift

run_pip() {
    "$python" -m pip --disable-pip-version-check --no-input "$@"
}

install_locked() {
    run_pip install --no-deps --require-hashes --only-binary :all: "$@"
}

# pip says this once for each package that a second, smaller index lacks. It is not a fault.
without_harmless_warnings() {
    sed -u "/^WARNING: Location '.*' is ignored: /d"
}

# The lock names CPU builds: the others are 0.5 GB and do not start without gigabytes of CUDA libraries, which no layer
# holds. Where the same version of another build is there already and works (a GPU box), it stays.
install_torch() {
    local version index=()
    version=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' "$locks/torch.txt")
    if "$python" -c "import torch; assert torch.__version__.split('+')[0] == '${version%+*}'" 2>/dev/null; then
        return 0
    fi
    if [ -n "${TORCH_INDEX:-}" ]; then
        index=(--index-url "$TORCH_INDEX")
    fi
    if ! run_pip index versions torch "${index[@]}" 2>/dev/null | grep -F "$version" >/dev/null; then
        echo "The package index that pip uses here has no torch $version." >&2
        echo "PyTorch's own index has: pytorch.org, \"Get started\", compute platform CPU, shows its address. Then run" >&2
        echo "    make test TORCH_INDEX=ADDRESS" >&2
        return 1
    fi
    install_locked -r "$locks/torch.txt" "${index[@]}"
}

for layer in "$@"; do
    lock=$locks/$layer.txt
    echo "==> Installing the $layer layer ($(grep -c '^[a-z].*==' "$lock") pins)"
    if [ "$layer" = torch ]; then # one large file: pip's own progress bar says most
        { install_torch 2>&1 >&3 | without_harmless_warnings >&2; } 3>&1
    else
        { install_locked -r "$lock" --progress-bar off 2>&1 >&3 | without_harmless_warnings >&2; } 3>&1 |
            sed -un 's/^Collecting \([^ ]*\).*/    \1/p; s/^Processing \([^ ]*\/\)*\([^ ]*\).*/    \2/p; s/^Installing collected.*/    unpacking .../p'
    fi
done

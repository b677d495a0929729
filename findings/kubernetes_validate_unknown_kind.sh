#!/usr/bin/env bash
# Seen: with --strict, a manifest of a kind there is no schema for passes: exit status 0. So does a Deployment of `v1`, which
#       is a slip for `apps/v1`: no cluster takes it.
# Whom: whoever lets a pipeline stop at the exit status: a wrong apiVersion is not found, nor anything else in that manifest.
# Why:  a schema that is not found is a warning, and --strict is about unknown fields only; --no-warn hides even that.
# Way out: call kubernetes_validate.validate(), which raises SchemaNotFoundError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet kubernetes-validate==1.37.0 || exit 2

cat >"$folder/deployment.yaml" <<'YAML'
apiVersion: v1
kind: Deployment
metadata: {name: a}
spec: {replicas: many}
YAML
"$folder/bin/pip" list 2>/dev/null | grep '^kubernetes-validate'
if ! "$folder/bin/kubernetes-validate" --strict "$folder/deployment.yaml"; then
    echo "changed: a manifest without a schema does not pass any more"
    exit 1
fi
echo "exit status 0"
"$folder/bin/python" - "$folder/deployment.yaml" <<'PYTHON'
import sys

import kubernetes_validate
import yaml

try:
    kubernetes_validate.validate(yaml.safe_load(open(sys.argv[1])), "1.37", strict=True)
except kubernetes_validate.SchemaNotFoundError as error:
    print("validate():", error.message)
else:
    sys.exit("changed: validate() passes it too")
PYTHON

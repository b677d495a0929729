"""The manifests of `deploy`: each is what its program takes, and they fit each other and the configuration."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tts_server.config import settings as config
from tts_server.config.settings import Config

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
VERSION = "1.37"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RESOURCES = read(KUBERNETES / "kustomization.yaml")["resources"]
MANIFESTS = {name: read(KUBERNETES / name) for name in RESOURCES}


def of_kind(kind: str) -> dict[str, Any]:
    return next(manifest for manifest in MANIFESTS.values() if manifest["kind"] == kind)


@pytest.mark.parametrize("name", RESOURCES)
def test_kubernetes_knows_the_kind_and_takes_every_field(name: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], VERSION, strict=True)  # SchemaNotFoundError for an unknown kind


def test_what_kubernetes_would_not_take_is_found() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**of_kind("Deployment"), "replica": 2}, VERSION, strict=True)
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate({"apiVersion": "example.org/v1", "kind": "House"}, VERSION, strict=True)


def test_every_manifest_is_in_the_kustomization() -> None:
    others = {"kustomization.yaml", "prometheus-adapter.yaml"}  # no resources
    assert {path.name for path in KUBERNETES.glob("*.yaml")} - others == set(RESOURCES)


def test_all_select_the_pods_of_the_deployment() -> None:
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert of_kind("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    services = [manifest for manifest in MANIFESTS.values() if manifest["kind"] == "Service"]
    assert [service["spec"]["selector"] for service in services] == [labels, labels]


def test_the_configuration_is_one_and_its_waits_fit_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    pod = of_kind("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    monkeypatch.delenv("TTS_SERVER__VOICES__FOLDER", raising=False)
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    used = config.load(tomllib.loads(of_kind("ConfigMap")["data"]["config.toml"]))
    stops_s = container["lifecycle"]["preStop"]["sleep"]["seconds"] + used.limits.leave_s + used.limits.grace_s
    assert stops_s + 10 <= pod["terminationGracePeriodSeconds"]
    down = of_kind("HorizontalPodAutoscaler")["spec"]["behavior"]["scaleDown"]
    assert down["policies"][0]["periodSeconds"] >= 2 * pod["terminationGracePeriodSeconds"]
    ports = {port["containerPort"] for port in container["ports"]}
    assert ports == {used.server.wyoming_port, used.server.http_port}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert used.voices.folder in mounted
    assert str(used.access.tokens_file.parent) in mounted if used.access.tokens_file else True
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_pods_are_counted_by_a_figure_that_there_is() -> None:
    (metric,) = of_kind("HorizontalPodAutoscaler")["spec"]["metrics"]
    (rule,) = read(KUBERNETES / "prometheus-adapter.yaml")["rules"]["custom"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"] == "tts_load_ratio"


def test_compose_mounts_what_there_is_and_sets_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    compose = read(DEPLOY / "compose.yaml")
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).resolve().is_file(), source
            else:
                assert source in compose["volumes"]
    box = compose["services"]["box1"]
    for key, value in box["environment"].items():
        monkeypatch.setenv(key, value)
    used = config.load({})
    assert used.cache.shared.removeprefix("unix://").startswith("/run/valkey/")
    assert "valkey:/run/valkey" in box["volumes"]
    assert all(network.is_private for network in used.server.trusted_proxies)
    assert ("ports" in box, {*compose["networks"]}, compose["services"]["haproxy"]["networks"]) == (
        False,  # so that nobody but who is in the network reaches it
        {"house"},
        box["networks"],
    )
    haproxy = (DEPLOY / "haproxy/haproxy.cfg").read_text(encoding="utf-8")
    assert f"agent-port {used.server.agent_port}" in haproxy
    for name in ("box1", "box2"):
        assert f"server {name} {name}:{Config().server.http_port}" in haproxy
        assert f"server {name} {name}:{Config().server.wyoming_port}" in haproxy
    targets = read(DEPLOY / "prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == ["box1:8080", "box2:8080"]
    limit = float(used.limits.leave_s) + 5.0  # the image's grace
    assert limit + 5 <= float(box["stop_grace_period"].removesuffix("s"))


def test_the_restarting_script_tells_how_it_is_used() -> None:
    told = subprocess.run(
        [sys.executable, DEPLOY / "haproxy/rolling_restart.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "NAME=COMMAND" in told.stdout

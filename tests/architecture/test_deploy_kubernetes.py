"""The Kubernetes manifests: their shape, and that they fit each other and Penumbra."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

Manifest = dict[str, Any]
VERSIONS = {
    "Namespace": "v1",
    "ServiceAccount": "v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "Service": "v1",
    "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    """Give the folder of the manifests."""
    return root / "deploy" / "kubernetes"


@pytest.fixture(scope="module")
def manifests(folder: Path) -> list[Manifest]:
    """Give every manifest but the kustomization."""
    return [
        manifest
        for file in sorted(folder.glob("*.yaml"))
        if file.name != "kustomization.yaml"
        for manifest in yaml.safe_load_all(file.read_text("utf-8"))
    ]


@pytest.fixture(scope="module")
def deployments(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Give the deployments by component."""
    return {
        m["metadata"]["labels"]["app.kubernetes.io/component"]: m
        for m in manifests
        if m["kind"] == "Deployment"
    }


def _named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def _pod(deployment: Manifest) -> dict[str, Any]:
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def test_every_manifest_is_of_a_known_kind_in_our_namespace(manifests: list[Manifest]) -> None:
    """Kind and version belong together, and no two objects share a name."""
    seen = set()
    for manifest in manifests:
        kind, metadata = manifest["kind"], manifest["metadata"]
        assert manifest["apiVersion"] == VERSIONS[kind]
        assert kind == "Namespace" or metadata["namespace"] == "penumbra"
        assert (kind, metadata["name"]) not in seen
        seen.add((kind, metadata["name"]))


def test_the_kustomization_lists_all_but_the_example_secret(
    folder: Path, project: dict[str, Any]
) -> None:
    """An example password is never applied by accident."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    files = {file.name for file in folder.glob("*.yaml")}
    assert set(listed["resources"]) == files - {"kustomization.yaml", "secret.example.yaml"}
    assert listed["images"] == [{"name": "penumbra", "newTag": project["project"]["version"]}]


def test_selectors_find_their_pods(
    manifests: list[Manifest], deployments: dict[str, Manifest]
) -> None:
    """Deployments, service, disruption budget and policies all select pods that exist."""
    labels = {
        name: deployment["spec"]["template"]["metadata"]["labels"]
        for name, deployment in deployments.items()
    }
    for name, deployment in deployments.items():
        assert deployment["spec"]["selector"]["matchLabels"] == labels[name]
    selectors = [
        manifest["spec"]["selector"].get("matchLabels", manifest["spec"]["selector"])
        for kind in ("Service", "PodDisruptionBudget")
        for manifest in _named(manifests, kind).values()
    ] + [
        manifest["spec"]["podSelector"]["matchLabels"]
        for manifest in _named(manifests, "NetworkPolicy").values()
    ]
    for selector in selectors:
        assert any(selector.items() <= each.items() for each in labels.values()), selector


def test_pods_run_penumbra_locked_down(
    deployments: dict[str, Manifest], commands: frozenset[str]
) -> None:
    """No root, no privileges, a read-only file system, bounded memory, a command that exists."""
    assert deployments.keys() == {"worker", "serve"}
    for name, deployment in deployments.items():
        pod = _pod(deployment)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["args"] == [name]
        assert name in commands
        for each in [container, *pod["initContainers"]]:
            assert each["image"] == "penumbra"
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert each["resources"]["requests"].keys() == {"cpu", "memory"}
            assert "memory" in each["resources"]["limits"]


def test_everything_a_pod_mounts_exists(
    manifests: list[Manifest], deployments: dict[str, Manifest]
) -> None:
    """Volumes, claims, config maps, secrets and the account are defined."""
    for deployment in deployments.values():
        pod = _pod(deployment)
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = [
            m for c in [*pod["containers"], *pod["initContainers"]] for m in c["volumeMounts"]
        ]
        assert {mount["name"] for mount in mounts} == volumes.keys()
        claim = volumes["shared"]["persistentVolumeClaim"]["claimName"]
        assert claim in _named(manifests, "PersistentVolumeClaim")
        assert volumes["secrets"]["secret"]["secretName"] in _named(manifests, "Secret")
        assert pod["serviceAccountName"] in _named(manifests, "ServiceAccount")
        for source in pod["containers"][0]["envFrom"]:
            assert source["configMapRef"]["name"] in _named(manifests, "ConfigMap")


def test_the_cache_of_kernels_is_where_the_image_has_it(
    root: Path, deployments: dict[str, Manifest]
) -> None:
    """The copy made at the start lies at the path that numba was told in the image."""
    image = (root / "Dockerfile").read_text("utf-8")
    for deployment in deployments.values():
        pod = _pod(deployment)
        (copy,) = pod["initContainers"]
        source = copy["command"][-2].removesuffix("/.")
        assert f"NUMBA_CACHE_DIR={source}" in image
        mounted = {m["name"]: m["mountPath"] for m in pod["containers"][0]["volumeMounts"]}
        assert mounted["cache"] == source
        assert f"{copy['volumeMounts'][0]['mountPath']}/" == copy["command"][-1]


def test_penumbra_reads_the_settings_of_the_cluster(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The config map and the example secret together are settings without a mistake."""
    config = _named(manifests, "ConfigMap")["penumbra"]["data"]
    secret = _named(manifests, "Secret")["penumbra"]["stringData"]
    for name, value in config.items():
        monkeypatch.setenv(name, value)
    for name, value in secret.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
    monkeypatch.setenv("PENUMBRA_SECRETS_DIR", str(tmp_path))
    settings = Settings.load()
    assert settings.database_url == secret["penumbra_database_url"]
    assert settings.kafka_security_protocol == "SASL_SSL"
    assert len(settings.api_tokens) == 1
    assert Path(config["PENUMBRA_KAFKA_SSL_CA_FILE"]).name in secret
    for name in secret:
        assert not name.startswith("penumbra_") or name[9:] in Settings.model_fields
    assert all("CHANGE-ME" in value for value in secret.values())


def test_the_console_is_probed_and_only_the_console_is_reached(
    manifests: list[Manifest], deployments: dict[str, Manifest]
) -> None:
    """Start, readiness and life are asked at their own paths; a worker accepts no connection."""
    (container,) = _pod(deployments["serve"])["containers"]
    paths = {probe: container[probe]["httpGet"]["path"] for probe in container if "Probe" in probe}
    assert paths == {
        "startupProbe": "/healthz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/healthz",
    }
    policies = _named(manifests, "NetworkPolicy")
    assert policies["penumbra"]["spec"]["ingress"] == []
    assert set(policies["penumbra"]["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    (rule,) = policies["penumbra-console"]["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": container["ports"][0]["containerPort"]}]


def test_draining_a_node_leaves_a_worker(
    manifests: list[Manifest], deployments: dict[str, Manifest]
) -> None:
    """The budget can be met: it asks for fewer workers than there are."""
    budget = _named(manifests, "PodDisruptionBudget")["penumbra-worker"]["spec"]
    assert 0 < budget["minAvailable"] < deployments["worker"]["spec"]["replicas"]

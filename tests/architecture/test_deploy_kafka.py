"""What the broker's access lists grant, found by running the scripts against a recording broker."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings
from service.stream.shadow import is_shadow_topic

Call = dict[str, str]
INPUTS = {"transactions", "legacy-decisions", "fraud-labels"}


def _calls(root: Path, folder: Path, script: str, tool: str) -> list[Call]:
    """Run a script with a tool that only writes down its options; return them call by call."""
    log = folder / "calls"
    fake = folder / tool
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{log}\n', encoding="utf-8")
    fake.chmod(0o755)
    subprocess.run(
        [str(root / "deploy" / "kafka" / script), "kafka:9092", "/run/admin.properties"],
        env={"PATH": os.environ["PATH"], "KAFKA_BIN": str(folder)},
        check=True,
    )
    calls = []
    for line in log.read_text("utf-8").splitlines():
        options = [part.split(maxsplit=1) for part in line.removeprefix("--").split(" --")]
        call = {option[0]: option[1].strip() if len(option) > 1 else "" for option in options}
        assert call["bootstrap-server"] == "kafka:9092"
        assert call["command-config"] == "/run/admin.properties"
        calls.append(call)
    return calls


@pytest.fixture
def grants(root: Path, tmp_path: Path) -> set[tuple[str, str, str]]:
    """Give (login, operation, resource) of every grant."""
    granted = set()
    for call in _calls(root, tmp_path, "acls.sh", "kafka-acls.sh"):
        assert "add" in call
        resource = f"group {call['group']}" if "group" in call else call["topic"]
        if call.get("resource-pattern-type") == "prefixed":
            resource += "*"
        granted.add((call["allow-principal"], call["operation"], resource))
    return granted


def test_penumbra_reads_its_inputs_and_writes_its_outputs_and_nothing_else(
    grants: set[tuple[str, str, str]],
) -> None:
    """The whole list of grants, so that one more is noticed."""
    assert {grant for grant in grants if grant[0] == "User:penumbra"} == {
        ("User:penumbra", "Read", "transactions"),
        ("User:penumbra", "Read", "legacy-decisions"),
        ("User:penumbra", "Read", "fraud-labels"),
        ("User:penumbra", "Read", "group penumbra"),
        ("User:penumbra", "Write", "penumbra.*"),
        ("User:penumbra", "Write", "fraud-labels"),
    }


def test_the_live_side_can_write_what_penumbra_only_reads(
    grants: set[tuple[str, str, str]],
) -> None:
    """Payments write the two live topics; nobody holds a grant on everything."""
    assert {grant for grant in grants if grant[0] == "User:payments"} == {
        ("User:payments", "Write", "transactions"),
        ("User:payments", "Write", "legacy-decisions"),
    }
    assert not any(resource in {"*", "group *"} for _, _, resource in grants)


def test_the_broker_and_the_producer_draw_the_same_wall(
    grants: set[tuple[str, str, str]],
) -> None:
    """What the access lists let Penumbra write is what its own producer lets through."""
    writable = {what for who, how, what in grants if who == "User:penumbra" and how == "Write"}
    for resource in writable:
        assert is_shadow_topic(resource.replace("*", "anything"))
    for topic in INPUTS - {"fraud-labels"}:
        assert not is_shadow_topic(topic)


def test_every_topic_of_the_settings_is_made(root: Path, tmp_path: Path) -> None:
    """With the defaults no worker meets a topic that is absent."""
    made = {call["topic"] for call in _calls(root, tmp_path, "topics.sh", "kafka-topics.sh")}
    fields = Settings.model_fields
    assert made == {fields[name].default for name in fields if name.startswith("topic_")}


def test_the_broker_refuses_what_no_grant_allows(root: Path) -> None:
    """Access lists are on, silence is refusal, and no password stands in the file."""
    text = (root / "deploy" / "kafka" / "server.properties").read_text("utf-8")
    lines = text.replace("\\\n", "").splitlines()
    options = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert options["authorizer.class.name"].endswith("StandardAuthorizer")
    assert options["allow.everyone.if.no.acl.found"] == "false"
    assert options["auto.create.topics.enable"] == "false"
    assert "User:penumbra" not in options["super.users"]
    protocols = options["listener.security.protocol.map"]
    assert "CLIENT:SASL_PLAINTEXT" in protocols
    # who needs no login is a super user here, and that listener must not leave the container
    assert "CONTROLLER://localhost:9093" in options["listeners"]
    login = options["listener.name.client.plain.sasl.jaas.config"]
    assert login.count("${file:/run/secrets/kafka_users.properties:") == 4


def test_secrets_are_made_once_and_fit_together(root: Path, tmp_path: Path) -> None:
    """A second run changes nothing, and the same password stands wherever it is needed."""
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((root / "deploy" / "make-secrets.sh").read_bytes())
    (tmp_path / "secrets").mkdir()

    def made() -> dict[str, str]:
        subprocess.run(["bash", str(script)], check=True, capture_output=True)
        return {file.name: file.read_text("utf-8") for file in (tmp_path / "secrets").iterdir()}

    secrets = made()
    assert secrets == made()
    compose: dict[str, Any] = yaml.safe_load((root / "deploy" / "compose.yaml").read_text("utf-8"))
    assert secrets.keys() == compose["secrets"].keys()
    users = dict(line.split("=") for line in secrets["kafka_users.properties"].splitlines())
    assert users.keys() == {"admin", "penumbra", "payments"}
    assert len(set(users.values())) == 3
    assert secrets["penumbra_kafka_sasl_password"] == users["penumbra"]
    assert f":{secrets['postgres_password']}@postgres:" in secrets["penumbra_database_url"]
    assert f'password="{users["admin"]}"' in secrets["kafka_admin.properties"]

"""The description holds: whatever it allows or forbids is answered as it says, never with a 500."""

import json
from typing import Any

import pytest
import schemathesis
from builders.api import Api, api, payment
from hypothesis import HealthCheck, given, settings
from plugins.bundles import make_bundle
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.stream.memory import MemoryBroker

EXAMPLES = 25
TOKEN = "token-of-the-schema-tests"  # noqa: S105 - made up here
WITH_INPUT = (
    "/v1/score",
    "/v1/labels",
    "/v1/dispositions",
    "/v1/audit",
    "/v1/alerts",
    "/v1/customers/{customer_id}/timeline",
    "/v1/comparison",
    "/v1/comparison/transactions",
    "/v1/money",
    "/v1/review-sample",
    "/v1/thresholds",
    "/v1/promotion",
    "/v1/models/{bundle_id}/promote",
    "/v1/models/{bundle_id}/rollback",
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give an API with a few explained alerts in it."""
    folder = tmp_path_factory.mktemp("schema")
    broker = MemoryBroker()
    broker.ensure({"fraud-labels": 1})
    bundle = make_bundle(folder / "bundle", threshold=-100.0)
    with api(
        f"sqlite:///{folder}/ledger.db", folder, bundle, broker=broker, api_tokens=[TOKEN]
    ) as running:
        running.client.headers["Authorization"] = f"Bearer {TOKEN}"
        running.score(*(payment(f"t{n}", customer_id=f"c{n}") for n in range(5)))
        yield running


def document(served: Api) -> dict[str, Any]:
    """Return the OpenAPI document."""
    found: dict[str, Any] = served.client.get("/openapi.json").json()
    return found


def operations() -> list[tuple[str, str]]:
    """Return every documented (method, path), known without a running API."""
    return [
        ("POST", "/v1/score"),
        ("POST", "/v1/labels"),
        ("GET", "/v1/alerts"),
        ("GET", "/v1/alerts/{alert_id}"),
        ("GET", "/v1/alerts/{alert_id}/verify"),
        ("POST", "/v1/alerts/{alert_id}/claim"),
        ("POST", "/v1/alerts/{alert_id}/disposition"),
        ("POST", "/v1/alerts/{alert_id}/notes"),
        ("POST", "/v1/dispositions"),
        ("GET", "/v1/audit"),
        ("GET", "/v1/coverage"),
        ("GET", "/v1/comparison"),
        ("GET", "/v1/comparison/transactions"),
        ("GET", "/v1/money"),
        ("GET", "/v1/periods"),
        ("GET", "/v1/review-sample"),
        ("GET", "/v1/thresholds"),
        ("GET", "/v1/customers/{customer_id}/timeline"),
        ("GET", "/v1/models"),
        ("POST", "/v1/models/{bundle_id}/promote"),
        ("POST", "/v1/models/{bundle_id}/rollback"),
        ("GET", "/v1/promotion"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    ]


def test_every_path_is_tried_here(served: Api) -> None:
    """A path added later is added to the list above."""
    paths = document(served)["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert documented == set(operations())


def test_every_reference_leads_to_a_schema(served: Api) -> None:
    """Schemas come from several places and must meet in one document."""
    found = document(served)
    named = set(found["components"]["schemas"])
    wanted = {part.split('"')[0] for part in json.dumps(found).split("#/components/schemas/")[1:]}
    assert wanted <= named


MODES = [
    (*operation, mode)
    for operation in operations()
    for mode in (["positive", "negative"] if operation[1] in WITH_INPUT else ["positive"])
]


@pytest.mark.parametrize(("method", "path", "mode"), MODES)
def test_answers_are_as_described(served: Api, method: str, path: str, mode: str) -> None:
    """Requests made from the description, and requests made to break it."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", served.client.app)
    strategy = schema[path][method].as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def tried(case: Any) -> None:
        for one in case.body if isinstance(case.body, list) else [case.body]:
            # Any three letters and any time to come are of the right form, and go no further.
            if mode == "positive" and isinstance(one, dict) and "currency" in one:
                one.update(payment(one["transaction_id"], billing_currency=None))
        response = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
        case.validate_response(response, checks=CHECKS)

    tried()

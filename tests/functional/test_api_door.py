"""Who comes in and how: tokens, hosts, sizes, forms; and errors that tell only what helps."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from builders.api import HERE, Api, api, payment
from fastapi.testclient import TestClient
from plugins.bundles import make_bundle
from pydantic import SecretStr

from service.api.app import create_app
from service.api.tokens import BindRefused, refuse_open_door
from service.errors import LedgerUnavailable
from service.ledger import Ledger
from service.settings import Settings

TOKENS = [SecretStr("first-token-of-two"), SecretStr("other-token-of-two")]
CARD = "5555555555554444"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give the URL of an empty ledger."""
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Give a bundle."""
    return make_bundle(tmp_path / "bundle")


@pytest.fixture
def served(url: str, tmp_path: Path, bundle: Path) -> Iterator[Api]:
    """Give an API without tokens."""
    with api(url, tmp_path, bundle, api_max_request_bytes=4096) as running:
        yield running


def is_problem(answered: httpx.Response, status: int) -> str:
    """Assert that an answer is a problem (RFC 9457) of this status; return its detail."""
    assert answered.status_code == status
    assert answered.headers["content-type"] == "application/problem+json"
    body = answered.json()
    assert body.keys() >= {"type", "title", "status", "detail"}
    assert body["status"] == status
    assert body["type"].startswith("urn:penumbra:problem:")
    detail: str = body["detail"]
    assert detail
    assert "\n" not in detail
    return detail


def test_every_kind_of_error_is_a_problem(served: Api) -> None:
    """Also those that the framework finds by itself."""
    client = served.client
    is_problem(client.get("/nothing"), 404)
    wrong_method = client.delete("/v1/score")
    is_problem(wrong_method, 405)
    assert wrong_method.headers["allow"] == "POST"
    assert "min_risk" in is_problem(client.get("/v1/alerts?min_risk=-1"), 422)
    is_problem(served.score(payment(currency="?")), 422)


def test_with_tokens_only_callers_that_send_one_are_served(
    url: str, tmp_path: Path, bundle: Path
) -> None:
    """Any of them; health is for everyone, and so is the description."""
    with api(url, tmp_path, bundle, api_tokens=TOKENS) as served:
        client = served.client
        paths = ["/v1/alerts", "/v1/coverage", "/v1/models", "/v1/customers/c/timeline", "/metrics"]
        for path in paths:
            refused = client.get(path)
            is_problem(refused, 401)
            assert refused.headers["www-authenticate"] == "Bearer"
        for header in ("Bearer wrong", "Basic first-token-of-two", "Bearer ", "Bearer é"):
            sent = {"authorization": header.encode()}
            is_problem(client.get("/v1/alerts", headers=sent), 401)
        for body in (b"{}", b"no json"):
            is_problem(
                client.post(
                    "/v1/score", content=body, headers={"content-type": "application/json"}
                ),
                401,
            )
        assert served.ledger.dead_letters() == []
        for token in TOKENS:
            sent = {"authorization": f"Bearer {token.get_secret_value()}".encode()}
            assert client.get("/v1/alerts", headers=sent).status_code == 200
        for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200


def test_with_tokens_every_path_of_the_api_asks_for_one(
    url: str, tmp_path: Path, bundle: Path
) -> None:
    """No path added later is forgotten."""
    with api(url, tmp_path, bundle, api_tokens=TOKENS) as served:
        document = served.client.get("/openapi.json").json()
        for path, methods in document["paths"].items():
            for method in methods if path.startswith("/v1/") else ():
                answered = served.client.request(
                    method, path, headers={"content-type": "application/json"}
                )
                assert answered.status_code == 401, path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "api.example"])  # noqa: S104
def test_an_open_door_to_a_network_is_refused(host: str) -> None:
    """Without tokens there is no listening beyond this machine."""
    with pytest.raises(BindRefused, match="PENUMBRA_API_TOKENS"):
        refuse_open_door(Settings.load(api_host=host))
    refuse_open_door(Settings.load(api_host=host, api_tokens=TOKENS))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_this_machine_needs_no_token(host: str) -> None:
    """The default runs on one machine without any setting."""
    refuse_open_door(Settings.load(api_host=host))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_a_page_that_rebinds_its_name_gets_nothing(served: Api, host: str, status: int) -> None:
    """Without tokens a browser must have asked for this machine by its own name."""
    assert served.client.get("/v1/models", headers={"host": host}).status_code == status


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_another_page_could_send_is_not_read(served: Api, kind: str | None) -> None:
    """Browsers send these across origins unasked; JSON they do not."""
    body = json.dumps(payment()).encode()
    for path in ("/v1/score", "/v1/labels"):
        headers = {} if kind is None else {"content-type": kind}
        is_problem(served.client.post(path, content=body, headers=headers), 415)
    assert served.ledger.coverage().total["consumed"] == 0


def test_a_request_too_large_is_refused_by_its_declared_size(served: Api) -> None:
    """Before any of it is read."""
    detail = is_problem(served.score(payment(entry_mode="x" * 5000)), 413)
    assert "PENUMBRA_API_MAX_REQUEST_BYTES" in detail
    assert served.ledger.coverage().total["consumed"] == 0


def test_a_request_too_large_without_a_declared_size_is_cut_off(served: Api) -> None:
    """A stream that does not end is not read to its end."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000_000:
            sent += 1000
            yield b"x" * 1000

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(served.parts))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.post(
                "/v1/score", content=endless(), headers={"content-type": "application/json"}
            )

    with start_blocking_portal() as portal:  # a browser's test may own this thread's event loop
        is_problem(portal.call(post), 413)
    assert sent < 10_000


def test_a_defect_tells_nothing_of_the_code(served: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 without a trace, a path or the content of the request."""

    def broken(_: Ledger) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(Ledger, "coverage", broken)
    answered = served.client.get("/v1/coverage")
    is_problem(answered, 500)
    assert "secret" not in answered.text
    assert "Traceback" not in answered.text


def test_a_ledger_that_does_not_answer_is_said(
    served: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, when to come again, and readiness says the same."""

    def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable("somewhere", "no route")

    monkeypatch.setattr(Ledger, "existing", away)
    monkeypatch.setattr(Ledger, "progress", away)
    answered = served.score(payment())
    assert "no route" in is_problem(answered, 503)
    assert answered.headers["retry-after"] == "5"
    assert "no route" in served.client.get("/readyz").json()["problems"][0]
    is_problem(served.client.get("/metrics"), 503)


def test_no_card_number_is_told_or_logged(
    served: Api, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands: a field, a name, an id, a path, a query, a broken body."""
    client = served.client
    head = {"content-type": "application/json"}
    answers = [
        served.score(payment(CARD)),
        served.score(payment(customer_id=CARD, currency="?")),
        served.score(payment(currency=CARD)),
        served.score(payment("a", merchant_id=CARD), payment("b", attributes={CARD: CARD})),
        client.post("/v1/score", content=f'{{"a":{CARD},', headers=head),
        client.post("/v1/labels", json={"transaction_id": CARD, CARD: CARD}),
        client.post("/v1/labels", json=[{"transaction_id": CARD, "is_fraud": CARD}]),
        client.get(f"/v1/alerts/{CARD}"),
        client.get(f"/v1/alerts?cursor={CARD}"),
        client.get(f"/v1/alerts?status={CARD}"),
        client.get(f"/v1/alerts?min_risk={CARD}"),
        client.get(f"/v1/customers/{CARD}/timeline"),
        client.get(f"/{CARD}"),
    ]
    monkeypatch.setattr(Ledger, "timeline", lambda *_, **__: 1 / 0)
    answers.append(client.get(f"/v1/customers/{CARD}/timeline"))
    logged = capfd.readouterr()
    for answered in answers:
        assert CARD not in answered.text, answered.request.url
    assert CARD not in logged.out + logged.err
    for letter in served.ledger.dead_letters():
        assert CARD.encode() not in letter.payload


def test_errors_of_a_client_are_not_raised_in_the_server(served: Api) -> None:
    """A client that sends nonsense leaves no defect behind."""
    strict = TestClient(create_app(served.parts), base_url=HERE)
    for body in (b"[", b"[]", b"[1]", b"\x00", b'"x"', b"[[[[", b"null", b"[" * 100_000):
        answered = strict.post(
            "/v1/score", content=body, headers={"content-type": "application/json"}
        )
        assert answered.status_code in {200, 400, 413, 422}

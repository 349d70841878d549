"""The HTTP calls, sent what their description allows and what it does not (schemathesis).

``pytest tests/fuzz --fuzz-cases 100000`` is the long run.
"""

import asyncio
import json
import sys
from collections import Counter
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from esapr.load_tests.server_process import server_process
from esapr.protocol.analyses import REQUEST_HEADER
from esapr.protocol.analysis_calls import CREATE_DEMO_ANALYSIS
from esapr.protocol.openapi import openapi
from esapr.protocol.routes import SDP, SDP_FRAGMENT
from tests.serving import CONSENT

pytestmark = [pytest.mark.real_time]

CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
BATCH = 1_000
LEAK_MB = 60

for media_type in (SDP, SDP_FRAGMENT):
    schemathesis.serializer.alias(media_type, "text/plain")
for media_type in CREATE_DEMO_ANALYSIS.file:
    if media_type != "text/plain":
        schemathesis.serializer.alias(media_type, "application/octet-stream")


def cases() -> st.SearchStrategy[schemathesis.Case]:
    """Cases of every call: right ones, and wrong ones where there is something to get wrong."""
    strategies = []
    # One call ends the server, as it should.
    schema = schemathesis.openapi.from_dict(openapi()).exclude(path="/v1/admin/drain")
    for result in schema.get_all_operations():
        operation = result.ok()
        strategies.append(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        if operation.body or operation.path_parameters:
            strategies.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return st.one_of(strategies)


class Api:
    """A server, and a session of it that some of the cases are about."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = requests.Session()
        # Reading proxies from the environment costs as much as a call.
        self._http.trust_env = False
        self._session: dict[str, str] = {}
        self._analysis: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()

    def session(self) -> dict[str, str]:
        """Return the credentials of a session that is open."""
        path = f"{self._url}/v1/sessions/{self._session.get('session_id', 'none')}"
        if self._http.get(path, headers=bearer(self._session)).status_code != 200:
            opened = self._http.post(f"{self._url}/v1/demo/sessions", json={"consent": CONSENT})
            assert opened.status_code == 201, opened.text
            self._session = opened.json()
        return self._session

    def analysis(self) -> dict[str, str]:
        """Return the credentials of an analysis that is kept."""
        path = f"{self._url}/v1/analyses/{self._analysis.get('analysis_id', 'none')}"
        if self._http.get(path, headers=bearer(self._analysis)).status_code != 200:
            headers = {
                REQUEST_HEADER: json.dumps({"consent": CONSENT}),
                "Content-Type": "text/markdown",
            }
            url = f"{self._url}/v1/demo/analyses"
            self._analysis = self._http.post(url, headers=headers, data="What a day!").json()
        return self._analysis

    def exercise(self, case: schemathesis.Case) -> None:
        """Send a case to wherever it says, then to a session there is, without and with its token.

        Making a case up costs twice what sending it does.
        """
        self.judge(case)
        if "session" in case.path_parameters:
            session = self.session()
            case.path_parameters["session"] = quote(session["session_id"])
            self.judge(case)
            case.headers.update(bearer(session))
            self.judge(case)
        if "analysis" in case.path_parameters:
            analysis = self.analysis()
            case.path_parameters["analysis"] = quote(analysis["analysis_id"])
            self.judge(case)
            case.headers.update(bearer(analysis))
            self.judge(case)

    def judge(self, case: schemathesis.Case) -> None:
        """Send a case as it is, and judge the answer."""
        response = case.call(base_url=self._url, session=self._http)
        self.statuses[response.status_code] += 1
        assert response.status_code != 500
        acceptance = [positive_data_acceptance] if is_exact(case) else []
        case.validate_response(response, checks=[*CHECKS, *acceptance])
        if response.status_code == 201 and "client_token" in response.json():
            opened = response.json()
            path = f"{self._url}/v1/sessions/{opened['session_id']}"
            headers = bearer(opened)
            if isinstance(case.body, dict) and "origin" in case.body:
                headers["Origin"] = case.body["origin"]
            assert self._http.delete(path, headers=headers).status_code == 204
        if response.status_code == 202 and "analysis_id" in response.json():
            taken = response.json()
            path = f"{self._url}{taken['url']}"
            assert self._http.delete(path, headers=bearer(taken)).status_code == 204

    def run(self, count: int) -> None:
        """Send at least ``count`` cases, in batches, as one run keeps all that it has tried."""
        most = self.statuses.total() + count
        while (sent := self.statuses.total()) < most:

            @seed(sent)
            @settings(
                max_examples=min(BATCH, most - sent),
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                deadline=None,
                database=None,
            )
            @given(cases())
            def batch(case: schemathesis.Case) -> None:
                self.exercise(case)

            batch()


def is_exact(case: schemathesis.Case) -> bool:
    """Whether a case that fits its schema has to be accepted.

    No schema can say what SDP is, that whole numbers are written without a fraction, or which
    scopes a role may have.
    """
    return (
        case.media_type == "application/json"
        and isinstance(case.body, dict)
        and not any(isinstance(value, float) for value in case.body.values())
        and "scopes" not in case.body
    )


def bearer(session: dict[str, str]) -> dict[str, str]:
    token = session.get("client_token") or session.get("token", "")
    return {"Authorization": f"Bearer {token}"}


async def test_every_answer_is_as_described(
    fuzz_cases: int, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Cases revoke all tokens of a session, which nobody can end then: it ends when it is idle.
    monkeypatch.setenv("ESAPR_IDLE_TIMEOUT", "5")
    async with server_process() as server:
        api = Api(server.url)
        await asyncio.to_thread(api.run, fuzz_cases // 10)
        warm = server.memory_mb
        await asyncio.to_thread(api.run, fuzz_cases)
        grown = server.memory_mb - warm
    assert "Traceback" not in capfd.readouterr().err
    with capfd.disabled():
        answered = ", ".join(f"{status} {n}" for status, n in sorted(api.statuses.items()))
        sys.stdout.write(f"\nanswers: {answered}; {warm:.0f} MB {grown:+.0f} MB\n")
    assert grown < LEAK_MB

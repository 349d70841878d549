"""Reports: what a session's own client reads of it, during and after, and how it has it erased."""

import csv
from io import StringIO
from pathlib import Path

import aiohttp
import pytest

from esapr.server.config import ServerConfig
from esapr.server.records.export import export
from esapr.server.records.store import opened_store
from esapr.server.records.table import COLUMNS
from tests.server.http.feeds import Client, Json, client, receive
from tests.server.http.keyed import bearer as key_bearer
from tests.server.http.keyed import code, keyed_server, make, opened
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

HAPPY = "This is wonderful, I am so happy to see you all!"


def bearer(one: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {one.credentials['client_token']}"}


async def talk(one: Client, line: str = HAPPY) -> list[Json]:
    """Send a line, wait until it shows, end the session and return the states so far."""
    states: list[Json] = []
    async with one.greeted() as socket:
        await socket.send_json({"type": "text", "body": line})
        while not states or states[-1]["fused"] is None:
            states.append(await receive(socket, "state"))
        await socket.send_json({"type": "close"})
        closed = await receive(socket, "session.closed")
    assert closed["reason"] == "closed"
    return states


async def report_of(one: Client, **query: str) -> Json:
    """Return the report, once the end of the session is in it."""
    while True:
        answer = await one.http.get(f"{one.path}/report", headers=bearer(one), params=query)
        assert answer.status == 200
        report: Json = await answer.json()
        if report["closed_at"]:
            return report


async def test_the_report_says_what_the_states_said() -> None:
    async with client(modalities=["text"], participant="Ada") as (one, _):
        states = await talk(one)
        report = await report_of(one, timeline="full")

    happy = next(state["fused"] for state in states if state["fused"])
    assert (report["participant"], report["reason"]) == ("Ada", "closed")
    assert report["labels"][report["expression"]["probs"].index(max(happy["probs"]))] == "happy"
    assert report["totals"]["states"] == report["states"] == len(report["timeline"])
    assert report["fused"] == sum(point["label"] is not None for point in report["timeline"])
    assert report["shares"] == {"happy": 1.0}
    assert sum(report["abstained"].values()) == report["states"] - report["fused"]
    assert report["evidence"].keys() == {"text"}
    assert (report["gaps"], report["comparison"]) == ([], None)


async def test_the_table_has_every_state() -> None:
    async with client(modalities=["text"]) as (one, _):
        states = await talk(one)
        await report_of(one)
        by_name = await one.http.get(f"{one.path}/report.csv", headers=bearer(one))
        accepting = bearer(one) | {"Accept": "text/csv"}
        by_header = await one.http.get(f"{one.path}/report", headers=accepting)

        assert by_name.content_type == by_header.content_type == "text/csv"
        text = await by_name.text()
        assert text == await by_header.text()
    rows = list(csv.DictReader(StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["seq"]) for row in rows] == list(range(len(rows)))
    for state in states:
        row = rows[state["seq"]]
        assert row["label"] == (state["fused"] or {"label": ""})["label"]
        if state["fused"]:
            assert float(row["fused_happy"]) == state["fused"]["probs"][3]


async def test_a_session_is_compared_with_the_persons_earlier_ones() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        reports = []
        for name in ("Grace", "Edith", "Grace"):
            consent = CONSENT | {"covers": ["records", "text"]}
            body = {"consent": consent, "tick_ms": 100, "participant": name, "modalities": ["text"]}
            opened = await http.post("/v1/demo/sessions", json=body)
            one = Client(http, await opened.json())
            await talk(one, f"{HAPPY} Wonderful!")
            reports.append(await report_of(one))

    comparisons = [report["comparison"] for report in reports]
    assert comparisons[:2] == [None, None]
    assert [each["opened_at"] for each in comparisons[2]["earlier"]] == [reports[0]["opened_at"]]
    wonderful = {"word": "wonderful", "count": 2, "share": 0.1667}
    assert reports[0]["words"] == [wonderful | {"earlier": None}]
    assert reports[2]["words"] == [wonderful | {"earlier": 0.1667}]
    change = comparisons[2]["change"]["valence"]
    valences = [reports[n]["expression"]["valence"] for n in (2, 0)]
    assert change == pytest.approx(valences[0] - valences[1], abs=1e-3)


async def test_a_deleted_session_has_ended_and_is_erased() -> None:
    async with client(modalities=["text"]) as (one, _), one.greeted() as socket:
        await receive(socket, "state")
        assert (await one.http.delete(one.path, headers=bearer(one))).status == 204
        assert (await receive(socket, "session.closed"))["reason"] == "closed"
        gone = await one.http.get(f"{one.path}/report", headers=bearer(one))
        assert (gone.status, (await gone.json())["error"]["code"]) == (404, "not_found")


async def test_a_session_that_has_ended_can_still_be_erased() -> None:
    async with client(modalities=["text"]) as (one, _):
        await talk(one)
        await report_of(one)
        assert (await one.http.delete(one.path, headers=bearer(one))).status == 204
        assert (await one.http.get(f"{one.path}/report", headers=bearer(one))).status == 404


async def test_ending_a_session_keeps_its_records() -> None:
    async with client(modalities=["text"]) as (one, _):
        async with one.greeted() as socket:
            await receive(socket, "state")
        assert (await one.http.post(f"{one.path}/end", headers=bearer(one))).status == 204
        assert (await report_of(one))["states"] > 0


FORMS = {
    "html": ("text/html", b"<!doctype html>"),
    "pdf": ("application/pdf", b"%PDF-"),
    "emotionml": ("application/emotionml+xml", b"<?xml"),
}


async def test_the_report_comes_in_every_form_by_name_and_by_header() -> None:
    async with client(modalities=["text"], participant="Ada") as (one, _):
        await talk(one)
        await report_of(one)
        for suffix, (media_type, begin) in FORMS.items():
            by_name = await one.http.get(f"{one.path}/report.{suffix}", headers=bearer(one))
            accepting = bearer(one) | {"Accept": media_type}
            by_header = await one.http.get(f"{one.path}/report", headers=accepting)
            for answer in (by_name, by_header):
                assert (answer.status, answer.content_type) == (200, media_type)
                assert (await answer.read()).startswith(begin)
                # A browser saves it: a page of what people wrote is none of this origin's.
                name = f"esapr-{one.path.rpartition('/')[2][:8]}.{suffix}"
                kind = answer.headers["Content-Disposition"]
                assert kind == f'attachment; filename="{name}"'
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        german = await one.http.get(
            f"{one.path}/report.html", headers=bearer(one), params={"language": "de"}
        )
        assert "Sitzungsbericht: Ada" in await german.text()
        either = bearer(one) | {"Accept": "application/json, text/html"}
        json = await one.http.get(f"{one.path}/report", headers=either)
        assert json.content_type == "application/json"


async def test_a_report_whose_consent_was_revoked_says_so_in_every_form() -> None:
    async with client(modalities=["text"]) as (one, _):
        await talk(one)
        await report_of(one)
        assert (await one.http.delete(f"{one.path}/consent", headers=bearer(one))).status == 204
        for suffix in ("", ".csv", *(f".{name}" for name in FORMS)):
            gone = await one.http.get(f"{one.path}/report{suffix}", headers=bearer(one))
            assert (gone.status, await code(gone)) == (410, "consent_revoked")


async def test_a_session_whose_consent_is_revoked_while_it_is_open_says_so() -> None:
    async with client(modalities=["text"]) as (one, _), one.greeted() as socket:
        await receive(socket, "state")
        assert (await one.http.delete(f"{one.path}/consent", headers=bearer(one))).status == 204
        gone = await one.http.get(f"{one.path}/report", headers=bearer(one))
        assert await code(gone) == "consent_revoked"


@pytest.mark.parametrize("path", ["report", *(f"report.{name}" for name in ("csv", *FORMS))])
async def test_a_report_needs_the_sessions_token(path: str, tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        one = Client(http, await opened(http, make(keys, "clinic")))
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            refused = await one.http.get(f"{one.path}/{path}", headers=headers)
            assert (refused.status, (await refused.json())["error"]["code"]) == (
                401,
                "token_invalid",
            )


async def test_a_token_without_the_scope_reads_no_report() -> None:
    async with client(modalities=["text"]) as (one, _):
        wanted = {"role": "participant", "scopes": ["feed"]}
        made = await one.http.post(f"{one.path}/tokens", json=wanted, headers=bearer(one))
        other = {"Authorization": f"Bearer {(await made.json())['token']}"}
        refused = await one.http.get(f"{one.path}/report", headers=other)
        assert (refused.status, (await refused.json())["error"]["code"]) == (403, "scope_missing")


async def test_a_timeline_is_brief_or_full() -> None:
    async with client(modalities=["text"]) as (one, _):
        refused = await one.http.get(
            f"{one.path}/report", headers=bearer(one), params={"timeline": "long"}
        )
        error = (await refused.json())["error"]
        assert (refused.status, error["code"], error["field"]) == (
            400,
            "config_invalid",
            "timeline",
        )


async def test_the_key_that_opened_a_session_reads_and_erases_its_record_for_good(
    tmp_path: Path,
) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        clinic, rival = make(keys, "clinic"), make(keys, "rival")
        credentials = await opened(http, clinic, participant="Ada", tick_ms=100)
        path = f"/v1/sessions/{credentials['session_id']}"
        assert (await http.post(f"{path}/end", headers=key_bearer(clinic))).status == 204

        report = await http.get(f"{path}/report", headers=key_bearer(clinic))
        assert (report.status, (await report.json())["participant"]) == (200, "Ada")
        async with opened_store(ServerConfig(state_dir=str(tmp_path))) as store:
            (exported,) = (await export(store, "clinic", "Ada", 0)).sessions
        receipt = exported.receipt
        assert [receipt[key] for key in ("subject", "purpose", "jurisdiction")] == [
            *("test participant", "telehealth", "DE")
        ]
        for call in (
            http.get(f"{path}/report", headers=key_bearer(rival)),
            http.delete(path, headers=key_bearer(rival)),
        ):
            assert await code(await call) == "not_found"
        assert (await http.delete(path, headers=key_bearer(clinic))).status == 204
        assert (
            await code(await http.get(f"{path}/report", headers=key_bearer(clinic))) == "not_found"
        )


async def test_one_name_given_by_two_keys_is_two_people(tmp_path: Path) -> None:
    async with keyed_server(tmp_path) as (http, keys, _):
        reports = []
        for name in ("clinic", "rival", "clinic"):
            key = make(keys, name)
            body = {"participant": "Ada", "tick_ms": 100, "modalities": ["text"]}
            one = Client(http, await opened(http, key, **body))
            await talk(one)
            reports.append(await report_of(one))

    assert [report["comparison"] is None for report in reports] == [True, True, False]
    assert len(reports[2]["comparison"]["earlier"]) == 1


async def test_without_records_there_is_no_report_and_deleting_still_ends() -> None:
    async with client({"records": False}, modalities=["text"]) as (one, _):
        missing = await one.http.get(f"{one.path}/report", headers=bearer(one))
        assert (missing.status, (await missing.json())["error"]["code"]) == (404, "not_found")
        assert (await one.http.delete(one.path, headers=bearer(one))).status == 204
        assert (await one.http.get(one.path, headers=bearer(one))).status == 404

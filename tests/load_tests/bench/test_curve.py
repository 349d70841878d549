from xml.etree import ElementTree

from esapr.load_tests.bench.curve import curve
from esapr.load_tests.bench.scale import Step

SVG = "{http://www.w3.org/2000/svg}"


def step(sessions: int, p50: float | None, failure: str | None = None) -> Step:
    return Step(
        sessions=sessions,
        states_s=sessions,
        p50_ms=p50,
        p95_ms=None if p50 is None else p50 * 2,
        p99_ms=None if p50 is None else p50 * 3,
        server_cores=sessions / 10,
        peers_cores=sessions / 50,
        memory_mb=400,
        batch_sizes={},
        starved={},
        failure=failure,
    )


def lines(text: str) -> list[list[tuple[float, float]]]:
    return [
        [
            (float(x), float(y))
            for x, y in (pair.split(",") for pair in line.get("points", "").split())
        ]
        for line in ElementTree.fromstring(text).iter(f"{SVG}polyline")
    ]


def test_a_line_a_figure_with_a_point_a_step() -> None:
    found = lines(curve([step(1, 10), step(2, 20), step(4, 80)], "two <cores>"))

    assert [len(line) for line in found] == [3] * 5  # three quantiles, two kinds of processor time
    assert all(line == sorted(line) for line in found)
    p50, p95, p99 = found[:3]
    assert all(a[1] > b[1] > c[1] for a, b, c in zip(p50, p95, p99, strict=True))  # up is less


def test_a_step_without_states_leaves_its_latency_out() -> None:
    found = lines(curve([step(1, 10), step(2, None)], ""))

    assert [len(line) for line in found] == [1, 1, 1, 2, 2]


def test_a_step_that_failed_is_not_drawn() -> None:
    found = lines(curve([step(1, 10), step(2, None, failure="503")], ""))

    assert [len(line) for line in found] == [1] * 5

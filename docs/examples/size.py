"""What a deployment takes, from its sessions at the busiest moment; prints a table.

    python docs/examples/size.py 16 1000 --relayed 0.2 --sessions-a-gpu 300

docs/how-to/size-a-deployment.md explains each line. Prices are parameters: put yours.
"""

import argparse
from dataclasses import dataclass, fields
from math import ceil

# Measured on two cores (docs/reference/performance.md).
CORES_A_SESSION = 0.082  # of these, the models:
CORES_OF_MODELS = 0.0277
PROCESS_MB = 327.0  # with one session
SESSION_MB = 13.0
KBIT_IN = 500.0  # what the server asks of browsers, sound and picture
STATE_BYTES = 1300  # JSON, to each reader, once a second
OVERLAY_BYTES = 6_900  # JSON, to each reader that draws the face, for each picture
PICTURES_A_SECOND = 5.0  # `analysed_fps`, fewer while a face is still
CORES_A_FOREIGN_STATE = 50e-6  # in each gateway, for each state a second of its cluster

# Chosen.
SESSIONS_A_PROCESS = 12  # one Python interpreter; measured on one machine: 20
SESSIONS_A_CLUSTER = 500  # each gateway hears every state of its cluster
LOAD = 0.7  # of what is paid for; the rest is for peaks, and for a host that is lost


@dataclass(frozen=True)
class Prices:
    """Of one unit a month, in a currency of yours: round examples of 2026-11, nobody's offer."""

    core: float = 20.0
    gpu: float = 900.0
    outgoing_tb: float = 10.0


@dataclass(frozen=True)
class Wanted:
    """What the deployment is for."""

    sessions: int
    readers: float = 2.0  # sockets that get each state: the page, and somebody who watches
    overlays: float = 1.0  # of these, those that draw box and landmarks: the person's own page
    relayed: float = 0.1  # share of sessions that a TURN server carries
    sessions_a_gpu: float = 0.0  # `esapr bench inference --provider cuda`; 0: no GPUs
    hours: float = 730.0  # a month, at that many sessions


@dataclass(frozen=True)
class Size:
    """What it takes."""

    sessions: int
    clusters: int
    processes: int
    cores: int
    gpus: int
    memory_gb: int
    gbit_in: float
    gbit_out: float
    a_month: int


def size(wanted: Wanted, prices: Prices) -> Size:
    """Return what ``wanted`` takes and costs."""
    count = wanted.sessions
    clusters = ceil(count / SESSIONS_A_CLUSTER)
    processes = max(clusters, ceil(count / SESSIONS_A_PROCESS))
    on_gpus = wanted.sessions_a_gpu > 0
    session = CORES_A_SESSION - (CORES_OF_MODELS if on_gpus else 0.0)
    hearing = processes * count / clusters * CORES_A_FOREIGN_STATE
    cores = ceil((count * session + hearing) / LOAD)
    gpus = ceil(count / wanted.sessions_a_gpu / LOAD) if on_gpus else 0
    relayed = count * wanted.relayed * KBIT_IN
    sent = wanted.readers * STATE_BYTES + wanted.overlays * OVERLAY_BYTES * PICTURES_A_SECOND
    kbit_out = count * sent * 8 / 1000 + relayed
    outgoing_tb = kbit_out * wanted.hours * 3600 / 8e9
    return Size(
        sessions=count,
        clusters=clusters,
        processes=processes,
        cores=cores,
        gpus=gpus,
        memory_gb=ceil((processes * PROCESS_MB + count * SESSION_MB) / 1000 / LOAD),
        gbit_in=round((count * KBIT_IN + relayed) / 1e6, 3),
        gbit_out=round(kbit_out / 1e6, 3),
        a_month=ceil(cores * prices.core + gpus * prices.gpu + outgoing_tb * prices.outgoing_tb),
    )


def table(sizes: list[Size]) -> str:
    """Return a Markdown table, a row a size."""
    names = [field.name for field in fields(Size)]
    rows = [[f"{getattr(each, name):,}" for name in names] for each in sizes]
    headings = [name.replace("_", " ") for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in [headings, ["---"] * len(names), *rows])


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description="Size a deployment of ESAPR.")
    parser.add_argument("sessions", type=int, nargs="+", help="at the busiest moment")
    for kind in (Wanted, Prices):
        for field in fields(kind):
            if field.name != "sessions":
                option = "--" + field.name.replace("_", "-")
                parser.add_argument(option, type=float, default=field.default)
    given = vars(parser.parse_args())
    prices = Prices(*(given[field.name] for field in fields(Prices)))
    rest = {field.name: given[field.name] for field in fields(Wanted)[1:]}
    print(table([size(Wanted(count, **rest), prices) for count in given["sessions"]]))


if __name__ == "__main__":
    main()

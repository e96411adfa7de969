# SPDX-License-Identifier: Apache-2.0
"""What serving costs beside bare scoring, how long clients wait, and whether a stop loses requests.

    python benchmarks/serving.py [--pairs 240] [--golden 12] [--rounds 3] [--stops 100]

The model is the laptop profile's network, its head untrained, exported without a second look (an untrained network
doubts all). Bare scoring is the scorer itself, in this process, on the same files: decoding, resizing, alignment,
network, in batches of 16, side by side on all cores. Rounds of both take turns. Clients, server and scorer share the
cores, so the clients' own work counts against serving by the clock; by CPU time it does not. It is as little as it can
be, and printed: see cheap_clients.py. Half load is half of what 8 clients reached, with requests at even intervals and
latency from the moment at which each was due.

A stop: 8 clients ask without pause, the server is sent SIGTERM, and whatever was sent and got no whole answer is lost.
"""

from __future__ import annotations

import http.client
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from cheap_clients import latencies, post, seconds_for
from export_speed import asked, run, subject

from core.cores import usable_cores
from core.served_pairs import Golden, Pair, Picture
from engine.serving.exported import open_exported
from interfaces.serving.goldens import golden_of
from pairs.classify_csv import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGENET = str(Path(sys.executable).with_name("changenet"))
CLIENTS, BATCH = 8, 16
BOUNDARY = "changenet-benchmark"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
Files = list[tuple[bytes, bytes]]  # test, golden


def files_of(folder: Path) -> Files:
    """The pairs of a folder."""
    rows = read_rows(folder / "pairs.csv")
    suffix = next(path.suffix for path in (folder / rows[0].input_path).iterdir())
    return [
        tuple(
            (folder / place / f"{row.object_name}{suffix}").read_bytes() for place in (row.input_path, row.golden_path)
        )  # type: ignore[misc]
        for row in rows
    ]


def form(**fields: bytes) -> bytes:
    """A multipart body; what is called golden_id is text, all else a file."""
    parts = []
    for name, value in fields.items():
        file = "" if name == "golden_id" else f'; filename="{name}"'
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value)
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


class Server:
    """A server of its own process, with the golden images registered."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def cpu(self) -> tuple[float, float]:
        """CPU seconds of the server, and of its scorer."""
        own = psutil.Process(self.process.pid)
        return _cpu(own), sum(_cpu(one) for one in own.children(recursive=True))


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


@contextmanager
def served(model: Path, *words: str) -> Iterator[Server]:
    """A server that is ready."""
    argv = [CHANGENET, "serve", str(model), "--listen", "127.0.0.1:0", *words]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    server = Server(process, int(process.stderr.readline().rpartition(":")[2]))  # type: ignore[union-attr]
    while True:
        if ask(server.connect(), "GET", "/v2/health/ready") == 200:
            break
        time.sleep(0.02)
    try:
        yield server
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> int:
    """The status of an answer, which is read whole."""
    connection.request(method, path, body, HEADERS if body else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def require(status: int, wanted: int = 200) -> None:
    """A figure of refused requests would be none."""
    if status != wanted:
        raise SystemExit(f"the server answered {status}")


def bodies_for(server: Server, files: Files) -> list[bytes]:
    """Requests by the id of a golden image, all of which are registered."""
    connection = server.connect()
    for golden in dict.fromkeys(golden for _, golden in files):
        require(ask(connection, "POST", "/golden", form(golden=golden)), 201)
    connection.close()
    return [form(test=test, golden_id=golden_of([Picture(golden)]).name.encode()) for test, golden in files]


def stop_under_load(model: Path, files: Files, chance: random.Random) -> tuple[int, int, int]:
    """Requests answered, requests lost, and the exit code, of one stop."""
    answered, lost = [0] * CLIENTS, [0] * CLIENTS
    with served(model, "--drain", "0.2") as server:
        bodies = bodies_for(server, files[:32])

        def client(number: int) -> None:
            connection = server.connect()
            while True:
                try:
                    connection.connect() if connection.sock is None else None
                except ConnectionRefusedError:
                    return  # nobody was there: told before anything was sent
                except OSError:
                    lost[number] += 1
                    return
                try:
                    done = ask(connection, "POST", "/inspect", bodies[answered[number] % len(bodies)]) == 200
                except (OSError, http.client.HTTPException):
                    done = False
                if not done:
                    lost[number] += 1
                    return
                answered[number] += 1

        threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.1, 0.6))
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        code = server.process.wait()
    return sum(answered), sum(lost), code


def main() -> None:
    """Make the model, and print the figures."""
    parser = asked(__doc__, pairs=240, golden=12, rounds=3)
    parser.add_argument("--stops", type=int, default=100)
    options = parser.parse_args()
    with subject(options) as (folder, spec, checkpoint):
        model = folder / "model.onnx"
        words = (f"export.checkpoint={checkpoint}", f"export.onnx_file={model}", "model.classify.second_look=0")
        run(folder, spec, "export", *words)
        files = files_of(folder)
        if options.rounds:
            measure(model, files, options)
        if options.stops:
            chance = random.Random(1)  # noqa: S311 - when to stop is no secret
            found = [stop_under_load(model, files, chance) for _ in range(options.stops)]
            answered, lost = (sum(one[i] for one in found) for i in (0, 1))
            codes = sorted({one[2] for one in found})
            print(f"{options.stops} stops under load: {answered} answered, {lost} lost, exit codes {codes}")


def measure(model: Path, files: Files, options: Any) -> None:
    """Throughput and latency beside bare scoring."""
    scorer, _ = open_exported(model, 50_000_000)
    asked = [
        Pair((Picture(test),), Golden(golden_of([Picture(golden)]).name, (Picture(golden),))) for test, golden in files
    ]
    bare, rounds = [], []
    with served(model) as server:
        requests = [post("/inspect", HEADERS["Content-Type"], body) for body in bodies_for(server, files)]
        seconds_for(server.port, requests[:32], CLIENTS)
        scorer.judge(asked[:32])
        for _ in range(options.rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            for start in range(0, len(asked), BATCH):
                scorer.judge(asked[start : start + BATCH])
            bare.append((time.perf_counter() - wall, time.process_time() - cpu))
            before, cpu = server.cpu(), time.process_time()
            wall = seconds_for(server.port, requests, CLIENTS)
            spent = [after - then for after, then in zip(server.cpu(), before, strict=True)]
            rounds.append((wall, *spent, time.process_time() - cpu))
        count = len(files)
        (bare_wall, bare_cpu), (wall, serving, scoring, clients) = (map(min, zip(*each)) for each in (bare, rounds))  # noqa: B905 - tuples of one length
        each = 1000 / count
        print(f"{count} pairs, {options.golden} golden images, {usable_cores()} cores, best of {options.rounds} rounds")
        print(f"bare scoring, batches of {BATCH}: {count / bare_wall:.1f} pairs/s, {each * bare_cpu:.2f} ms CPU a pair")
        print(f"served, {CLIENTS} clients: {count / wall:.1f} pairs/s")
        print(f"ms CPU a pair: scorer {each * scoring:.2f}, server {each * serving:.2f}, clients {each * clients:.2f}")
        by_cpu = bare_cpu / (serving + scoring)
        print(f"throughput: {bare_wall / wall:.2f} of bare by the clock, {by_cpu:.2f} by CPU time")
        alone = []
        for one in asked[:60]:
            begun = time.perf_counter()
            scorer.judge([one])
            alone.append(time.perf_counter() - begun)
        one_pair = statistics.median(alone)
        found = sorted(latencies(server.port, requests, 0.5 * count / wall, 4 * CLIENTS))
        p50, p99 = found[len(found) // 2], found[int(0.99 * (len(found) - 1))]
        print(f"one pair alone, bare: {1000 * one_pair:.1f} ms")
        print(f"at half load, median: {1000 * p50:.1f} ms, {p50 / one_pair:.1f} times that")
        print(f"at half load, p99: {1000 * p99:.1f} ms, {p99 / one_pair:.1f} times that")


if __name__ == "__main__":
    main()

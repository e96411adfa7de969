# SPDX-License-Identifier: Apache-2.0
"""A model behind HTTP: verdicts, golden images by id, refusals, figures, and an end that loses no request."""

from __future__ import annotations

import base64
import io
import json
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from core.served_pairs import Pair, Picture
from interfaces.cli import main
from interfaces.serving.goldens import golden_of
from interfaces.serving.scorer_process import ScorerProcess

ENGINE = str(Path(sys.executable).parent / "visual_changenet")

if TYPE_CHECKING:
    from collections.abc import Callable


def post(server: Any, **parts: Any) -> Any:
    files = {name: (name, part) for name, part in parts.items() if isinstance(part, bytes)}
    data = {name: part for name, part in parts.items() if not isinstance(part, bytes)}
    return server.client.post("/inspect", files=files, data=data)


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_pair_is_judged_and_the_evidence_shown_on_request(server: Any, model: Any) -> None:
    golden = model.golden.read_bytes()
    good, bad = (post(server, test=path.read_bytes(), golden=golden).json() for path in (model.good, model.bad))
    assert (good["verdict"], bad["verdict"]) == ("PASS", "NO_PASS")
    assert good["score"] < good["threshold"] < bad["score"]
    assert (bad["overlay"], bad["regions"], bad["model"]) == (None, [], "aoi")
    shown = post(server, test=model.bad.read_bytes(), golden=golden, overlay="true").json()
    assert shown["score"] == pytest.approx(bad["score"], abs=1e-5)
    picture = Image.open(io.BytesIO(base64.b64decode(shown["overlay"].partition(",")[2]))).convert("RGB")
    assert picture.size == (64, 64)
    changed = np.abs(np.asarray(Image.open(model.bad), int) - np.asarray(Image.open(model.golden), int)).max(axis=2) > 0
    ys, xs = np.nonzero(changed)
    x, y, width, height = shown["regions"][0]["box"]
    assert x < xs.mean() < x + width
    assert y < ys.mean() < y + height


def test_a_golden_image_is_sent_once_and_named_from_then_on(server: Any, model: Any) -> None:
    files = {"golden": model.golden.read_bytes()}
    first, again = (server.client.post("/golden", files=files) for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    name = first.json()["golden_id"]
    assert post(server, test=model.bad.read_bytes(), golden_id=name).json()["verdict"] == "NO_PASS"
    assert server.client.get("/golden").json() == {"golden_ids": [name]}
    assert server.client.delete(f"/golden/{name}").status_code == 204
    assert error_of(post(server, test=model.bad.read_bytes(), golden_id=name)) == (404, "golden.unknown")


def test_the_open_inference_protocol_gives_the_same_scores(server: Any, model: Any) -> None:
    golden = model.golden.read_bytes()
    scores = [post(server, test=path.read_bytes(), golden=golden).json()["score"] for path in (model.good, model.bad)]
    about = server.client.get("/v2/models/aoi").json()
    assert (about["platform"], about["parameters"]["height"]) == ("onnxruntime_onnx", 64)
    assert (about["parameters"]["self_test"]["passed"], about["parameters"]["self_test"]["pairs"] > 0) == (True, True)
    assert server.client.get("/v2/models/aoi/ready").json()["ready"] is True
    pixels = [np.asarray(Image.open(path)).tolist() for path in (model.good, model.bad)]
    files = [base64.b64encode(path.read_bytes()).decode() for path in (model.good, model.bad)]
    one = np.asarray(Image.open(model.golden)).ravel().tolist()
    for test in (
        {"name": "test", "datatype": "UINT8", "shape": [2, 64, 64, 3], "data": pixels},
        {"name": "test", "datatype": "BYTES", "shape": [2], "data": files},
    ):
        inputs = [test, {"name": "golden", "datatype": "UINT8", "shape": [1, 64, 64, 3], "data": one}]
        asked = {"id": "7", "inputs": inputs, "outputs": [{"name": "score"}, {"name": "verdict"}]}
        answer = server.client.post("/v2/models/aoi/infer", json=asked).json()
        assert (answer["id"], answer["model_name"]) == ("7", "aoi")
        found = {entry["name"]: entry["data"] for entry in answer["outputs"]}
        assert found == {"score": pytest.approx(scores, abs=1e-5), "verdict": ["PASS", "NO_PASS"]}


def a_png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, format="PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("test", "expected", "said"),
    [
        (b"no picture at all", (422, "data.image"), "this is no picture"),
        (a_png(64, 64)[:60], (422, "data.image"), "can't be decoded"),
        (b"", (422, "data.image"), "this is no picture"),
        (a_png(2000, 1000), (413, "data.image_size"), "2000 x 1000 pixels, and 1,000,000 are allowed"),
        (b"x" * (3 << 20), (413, "request.size"), "longer than 2,097,152 bytes"),
    ],
    ids=["text", "cut", "empty", "pixels", "bytes"],
)
def test_a_bad_picture_is_refused_by_what_is_wrong_with_it(
    server: Any, model: Any, test: bytes, expected: tuple[int, str], said: str
) -> None:
    answer = post(server, test=test, golden=model.golden.read_bytes())
    assert error_of(answer) == expected
    assert said in answer.json()["error"]["message"]
    assert answer.json()["error"]["remedy"]


_FILE = b'Content-Disposition: form-data; name="test"; filename="a.png"\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("multipart/form-data", b"--x\r\n", "the form can't be read"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + _FILE + b"cut", "the form can't be read"),
        ("multipart/form-data; boundary=y", b"--x\r\n" + _FILE + b"other\r\n--x--\r\n", "the form can't be read"),
        ("multipart/form-data; boundary=x", (b"--x\r\n" + _FILE + b"\r\n") * 129 + b"--x--\r\n", "can't be read"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + _FILE + b"a\r\n--x--\r\n", "there is no file 'golden'"),
        ("application/x-www-form-urlencoded", b"test=a&golden=b", "this is no multipart/form-data"),
    ],
    ids=["no boundary", "cut", "other boundary", "many parts", "no golden", "other form"],
)
def test_a_form_that_can_not_be_read_is_told(server: Any, kind: str, body: bytes, said: str) -> None:
    answer = server.client.post("/inspect", content=body, headers={"Content-Type": kind})
    assert error_of(answer) == (400, "request.form")
    assert said in answer.json()["error"]["message"]


def test_what_is_no_such_request_is_refused(server: Any, model: Any) -> None:
    picture = model.good.read_bytes()
    assert error_of(post(server, test=picture)) == (400, "request.form")
    assert error_of(post(server, test=picture, golden=picture, overlay="perhaps")) == (400, "request.form")
    assert error_of(server.client.post("/inspect", content=b"x")) == (400, "request.form")
    two = [("test", ("a", picture)), ("test", ("b", picture)), ("golden", ("c", picture))]
    assert error_of(server.client.post("/inspect", files=two)) == (422, "data.lightings")
    unending = (b"x" * 65_536 for _ in range(64))
    assert server.client.post("/v2/models/aoi/infer", content=unending).status_code == 413
    assert server.client.get("/v2/models/other").status_code == 404
    for wrong in (
        b"{",
        b"[]",
        b'{"inputs": [1]}',
        b'{"inputs": [{"name": "test", "shape": [0], "datatype": "BYTES"}]}',
    ):
        answer = server.client.post("/v2/models/aoi/infer", content=wrong)
        assert (answer.status_code, type(answer.json()["error"])) == (400, str)
    pixels = {"datatype": "UINT8", "shape": [1, 1, 1, 3], "data": [0, 0, 256]}
    inputs = [{"name": "test", **pixels}, {"name": "golden", **pixels}]
    answer = server.client.post("/v2/models/aoi/infer", json={"inputs": inputs})
    assert (answer.status_code, "0 to 255" in answer.json()["error"]) == (400, True)


def test_a_good_pair_unlike_those_of_the_training_is_refused_and_does_not_pass(server: Any, model: Any) -> None:
    sent = {}
    for name, path in (("golden", model.golden), ("test", model.good)):
        dark = io.BytesIO()
        with Image.open(path) as picture:
            picture.point(lambda value: value // 12).save(dark, "PNG")
        sent[name] = dark.getvalue()
    assert error_of(post(server, **sent)) == (422, "inspect.unlike")


def test_prometheus_is_told_of_verdicts_scores_and_batches(server: Any, model: Any) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    def figures() -> dict[tuple[str, ...], float]:
        families = text_string_to_metric_families(server.client.get("/metrics").text)
        return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}

    post(server, test=model.good.read_bytes(), golden=model.golden.read_bytes())
    post(server, test=model.bad.read_bytes(), golden=model.golden.read_bytes())
    before = figures()
    post(server, test=model.bad.read_bytes(), golden=model.golden.read_bytes())
    after = figures()
    assert after["changenet_pairs_total", "NO_PASS"] == before["changenet_pairs_total", "NO_PASS"] + 1
    assert 0 < after["changenet_verdict_share", "NO_PASS"] < 1
    assert after["changenet_verdict_share", "PASS"] + after["changenet_verdict_share", "NO_PASS"] == pytest.approx(1)
    assert after["changenet_score_quantile", "0.05"] < after["changenet_score_quantile", "0.95"]
    assert after["changenet_batch_pairs_count",] == before["changenet_batch_pairs_count",] + 1
    server.client.get("/made/up/by/a/client")
    assert ("changenet_requests_total", "404", "other") in figures()


def test_the_description_has_every_route_and_the_page_shows_it(server: Any) -> None:
    document = server.client.get("/openapi.json").json()
    page = server.client.get("/docs").text
    for path, operations in document["paths"].items():
        for method in operations:
            asked = path.format(golden_id="x", model="aoi")
            assert server.client.request(method, asked).status_code != 405
            assert f"{method.upper()} {path}" in page
    assert server.client.put("/inspect").status_code == 405


def test_pages_of_other_places_and_other_names_are_turned_away(server: Any) -> None:
    for headers, expected in (
        ({"origin": "http://elsewhere.example"}, (403, "http.origin")),
        ({"host": "elsewhere.example"}, (421, "http.host")),
    ):
        assert error_of(server.client.get("/golden", headers=headers)) == expected
    assert server.client.get("/golden", headers={"origin": server.address}).status_code == 200


def test_a_token_is_needed_where_one_is_set_but_for_what_tells_nothing(model: Any, serving: Callable[..., Any]) -> None:
    with serving(str(model.onnx), CHANGENET_SERVE_TOKEN="hush") as running:  # noqa: S106 - a test's own
        client = running.client
        assert [client.get(path).status_code for path in ("/v2/health/ready", "/", "/metrics")] == [200, 200, 401]
        assert error_of(client.get("/metrics", headers={"authorization": "Bearer loud"})) == (401, "http.token")
        plain = client.get("/v2").json()["error"]
        assert plain.startswith("authorization: no token was sent; ")
        assert client.get("/metrics", headers={"authorization": "Bearer hush"}).status_code == 200
        assert 'id="token"' in client.get("/").text


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("{model}", "--listen", "0.0.0.0:8000"), "http.token", 3),
        (("{model}", "--listen", "here"), "usage.value", 2),
        (("{model}", "--queue", "0"), "usage.value", 2),
        (("absent.onnx",), "model.missing", 3),
        (("{picture}",), "job.unknown", 2),
    ],
)
def test_a_server_that_could_not_serve_does_not_start(
    words: tuple[str, ...],
    code: str,
    exit_code: int,
    model: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CHANGENET_SERVE_TOKEN", raising=False)
    filled = [word.format(model=model.onnx, picture=model.golden) for word in words]
    assert main(["serve", *filled, "--json"]) == exit_code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_model_that_can_not_be_used_ends_the_server_with_what_is_wrong(
    tmp_path: Path, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    spoiled = tmp_path / "spoiled.onnx"
    spoiled.write_bytes(model.onnx.read_bytes()[:-200])
    assert main(["serve", str(spoiled), "--listen", "127.0.0.1:0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "checkpoint.broken"


def test_a_model_that_judges_otherwise_than_when_it_was_written_is_never_ready(
    tmp_path: Path, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from deployed.model_file import read_model, write_model

    graph, settings = read_model(model.onnx)
    settings["self_test"]["pairs"][0]["score"] = 0.5
    other = tmp_path / "other.onnx"
    write_model(other, graph, settings)
    assert main(["serve", str(other), "--listen", "127.0.0.1:0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "checkpoint.self_test"


def test_a_checkpoint_judges_and_explains_as_the_file_made_from_it(model: Any) -> None:
    exported, checkpoint = (ScorerProcess(ENGINE, path, 1_000_000) for path in (model.onnx, model.checkpoint))
    golden = golden_of([Picture(model.golden.read_bytes())])
    pairs = [Pair((Picture(path.read_bytes()),), golden, overlay=True) for path in (model.good, model.bad)]
    found = []
    for scorer in (exported, checkpoint):
        scorer.start()
        found.append(scorer.judge(pairs))
        scorer.close()
    for one, other in zip(*found, strict=True):
        assert (one.verdict, one.regions) == (other.verdict, other.regions)
        assert one.score == pytest.approx(other.score, abs=1e-5)
        pictures = [np.asarray(Image.open(io.BytesIO(answer.overlay)), int) for answer in (one, other)]
        assert np.abs(pictures[0] - pictures[1]).max() <= 2
    assert (exported.self_test or {})["passed"] is True
    assert exported.facts == checkpoint.facts


def test_more_than_the_queue_holds_is_told_to_come_again(model: Any, serving: Callable[..., Any]) -> None:
    with serving(str(model.onnx), "--queue", "2", "--batch-ms", "600", "--batch", "4") as running:
        answers: list[Any] = []
        body = {"test": model.good.read_bytes(), "golden": model.golden.read_bytes()}

        def ask() -> None:
            answers.append(httpx2.post(f"{running.address}/inspect", files=body, trust_env=False, timeout=30))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429, 429]
        busy = next(answer for answer in answers if answer.status_code == 429)
        assert int(busy.headers["retry-after"]) >= 1
        assert running.client.get("/v2/health/ready").status_code == 200


def test_what_was_taken_before_the_end_is_answered(model: Any, serving: Callable[..., Any]) -> None:
    with serving(str(model.onnx)) as running:
        lost: list[str] = []
        answered: list[int] = []
        body = {"test": model.good.read_bytes(), "golden": model.golden.read_bytes()}

        def ask() -> None:
            with httpx2.Client(base_url=running.address, trust_env=False, timeout=30) as client:
                while True:
                    try:
                        answered.append(client.post("/inspect", files=body).status_code)
                    except httpx2.ConnectError:
                        return  # nobody was there: told before anything was sent
                    except httpx2.HTTPError as problem:
                        lost.append(repr(problem))
                        return

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert running.end() == 0
        for thread in threads:
            thread.join()
        assert lost == []
        assert set(answered) == {200}


def test_a_scorer_that_is_killed_is_started_again_and_no_request_lost(model: Any, serving: Callable[..., Any]) -> None:
    import psutil

    with serving(str(model.onnx)) as running:
        (scorer,) = psutil.Process(running.process.pid).children()
        scorer.kill()
        assert (
            post(running, test=model.bad.read_bytes(), golden=model.golden.read_bytes()).json()["verdict"] == "NO_PASS"
        )
        assert "changenet_scorer_restarts_total 1.0" in running.client.get("/metrics").text


def test_a_server_whose_port_is_taken_says_so(model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = ["serve", str(model.onnx), "--listen", f"127.0.0.1:{taken.getsockname()[1]}", "--json"]
        assert main(words) == 5
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "http.port"


def grey(path: Path) -> bytes:
    stream = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("L").save(stream, "PNG")
    return stream.getvalue()


def test_what_makes_a_verdict_doubtful_is_told_with_it(server: Any, model: Any) -> None:
    golden = model.golden.read_bytes()
    assert post(server, test=model.bad.read_bytes(), golden=golden).json()["warnings"] == []
    found = post(server, test=grey(model.bad), golden=golden).json()
    assert found["verdict"] == "NO_PASS"
    assert any("the test picture is grey and the golden picture in colour" in text for text in found["warnings"])
    tests = [base64.b64encode(part).decode() for part in (model.bad.read_bytes(), grey(model.bad))]
    inputs = [
        {"name": "test", "datatype": "BYTES", "shape": [2], "data": tests},
        {"name": "golden", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(golden).decode()]},
    ]
    told = server.client.post("/v2/models/aoi/infer", json={"inputs": inputs}).json()["parameters"]["warnings"]
    assert "pair 1: the test picture is grey" in told
    assert "pair 0" not in told


def test_an_address_that_is_none_is_told_as_other_errors_are(server: Any) -> None:
    absent = server.client.get("/inspekt")
    assert error_of(absent) == (404, "request.address")
    assert absent.json()["error"]["message"] == "there is no /inspekt"
    assert absent.json()["error"]["remedy"]
    wrong = server.client.get("/inspect")
    assert (*error_of(wrong), wrong.headers["allow"]) == (405, "request.address", "POST")
    assert server.client.get("/v2/models/aoi/metrics").json()["error"].startswith("/v2/models/aoi/metrics: there is no")
    assert server.client.get("/v2/x/y").status_code == 404

# SPDX-License-Identifier: Apache-2.0
"""What a server tells Prometheus: requests, batches, the queue; and verdicts and scores, which drift unnoticed."""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily

from core.verdicts import NO_PASS, PASS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import Metric

_LATEST = 1000  # pairs that shares and quantiles are taken over
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The figures of one server, in a registry of its own."""

    def __init__(
        self, on_their_way: Callable[[], int], goldens: Callable[[], int], is_ready: Callable[[], bool]
    ) -> None:
        self._registry = CollectorRegistry()
        self._latest: deque[tuple[float, str]] = deque(maxlen=_LATEST)
        self._verdicts = Counter("changenet_pairs", "Pairs judged.", ["verdict"], registry=self._registry)
        self._requests = Counter(
            "changenet_requests", "Requests by route.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "changenet_request_seconds", "From request to answer.", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._sizes = Histogram("changenet_batch_pairs", "Pairs per batch.", buckets=_SIZES, registry=self._registry)
        self._restarts = Counter(
            "changenet_scorer_restarts", "Times the scorer was started again.", registry=self._registry
        )
        for name, about, value in (
            ("changenet_queue_pairs", "Pairs that wait or are judged.", on_their_way),
            ("changenet_golden_images", "Golden images registered.", goldens),
            ("changenet_ready", "1 where requests are taken.", is_ready),
        ):
            Gauge(name, about, registry=self._registry).set_function(value)
        # Looked up by their labels for each request, they would cost a twentieth of all that a request takes here.
        self._of_verdict = {verdict: self._verdicts.labels(verdict) for verdict in (PASS, NO_PASS)}
        self._of_request = cache(self._requests.labels)
        self._of_route = cache(self._seconds.labels)
        self._registry.register(self)

    def judged(self, verdict: str, score: float) -> None:
        """A pair was judged."""
        self._of_verdict[verdict].inc()
        self._latest.append((score, verdict))

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._of_request(route, status).inc()
        self._of_route(route).observe(seconds)

    def batch(self, pairs: int) -> None:
        """A batch was judged."""
        self._sizes.observe(pairs)

    def restarted(self) -> None:
        """The scorer had ended by itself."""
        self._restarts.inc()

    def collect(self) -> Iterator[Metric]:
        """Verdict shares and score quantiles of the latest pairs, as Prometheus' client asks for them."""
        latest = list(self._latest)
        share = GaugeMetricFamily(
            "changenet_verdict_share", f"Share of each verdict in the latest {_LATEST} pairs.", labels=["verdict"]
        )
        quantiles = GaugeMetricFamily(
            "changenet_score_quantile", f"Quantiles of the latest {_LATEST} scores.", labels=["quantile"]
        )
        if latest:
            for verdict in (PASS, NO_PASS):
                share.add_metric([verdict], sum(one == verdict for _, one in latest) / len(latest))
            scores = sorted(score for score, _ in latest)
            for q in _QUANTILES:
                quantiles.add_metric([str(q)], scores[round(q * (len(scores) - 1))])
        yield share
        yield quantiles

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

# SPDX-License-Identifier: Apache-2.0
"""Images that are pulled from a registry, whole ones and ones that do not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import PlatformError
from runners import api
from runners.jobs.job import JobState
from runners.platforms.docker_image import get_image
from tests.runners.platforms.docker_bench import Engine, base, sealed
from tests.runners.platforms.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan


@pytest.fixture
def registry() -> Registry:
    return Registry(base(), ["/engine/visual_changenet"])


@pytest.fixture
def host(registry: Registry) -> Iterator[str]:
    with registry.served() as place:
        yield place


def test_a_job_pulls_its_image_and_records_the_digest(
    on_docker: Any,
    registry: Registry,
    host: str,
    make_plan: Callable[..., Plan],
    store: JobStore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry.failures = [503]
    plan = sealed(on_docker.fit(make_plan(runner="docker")), image=f"{host}/boards/changenet:1")

    job = api.launch(plan, store=store)

    assert (job.state, job.image_digest) == (JobState.COMPLETE, registry.digest)
    told = capsys.readouterr().err
    assert f"pulling {host}/boards/changenet:1" in told
    assert f"pulled {host}/boards/changenet:1" in told
    assert len(registry.asked) > 1


@pytest.mark.parametrize(
    ("status", "tag", "code", "asked"),
    [
        (401, "1", "image.denied", 2),
        (0, "2", "image.unknown", 2),
        (503, "1", "image.unreachable", 8),
    ],
)
def test_an_image_that_does_not_come_says_why_and_is_asked_for_again_only_where_that_may_help(
    status: int, tag: str, code: str, asked: int, docker_engine: Engine, registry: Registry, host: str
) -> None:
    registry.failures = [status] * 20 if status else []

    with pytest.raises(PlatformError) as error:
        get_image(docker_engine.host, f"{host}/boards/other:{tag}", [].append)

    assert (error.value.code, error.value.where) == (code, f"{host}/boards/other:{tag}")
    assert error.value.remedy
    assert len(registry.asked) == asked  # twice in each pull: the engine asks for the head first


def test_an_image_of_a_registry_that_is_not_there_is_no_mistake_of_the_plan(docker_engine: Engine) -> None:
    with pytest.raises(PlatformError) as error:
        get_image(docker_engine.host, "nobody.invalid/changenet:1", [].append)

    assert error.value.code == "image.unreachable"

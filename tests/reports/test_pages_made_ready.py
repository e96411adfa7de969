# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment

from reports import inspection, job_report, page, segment, whole_board

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.page import Kind


@pytest.fixture(autouse=True)
def _nothing_compiled() -> Iterator[None]:
    page.templates.cache_clear()
    yield
    page.templates.cache_clear()


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("segment_inspect", whole_board.PAGE),
        ("evaluate", inspection.PAGE),
        ("deploy_classify_inference", inspection.PAGE),
        ("segment_inference", segment.PAGE),
    ],
)
def test_nothing_is_left_to_compile_once_a_page_was_made_ready(
    monkeypatch: pytest.MonkeyPatch, action: str, kind: Kind
) -> None:
    job_report.make_ready(action)

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a template is compiled")

    monkeypatch.setattr(Environment, "compile", refuse)
    environment = page.templates(kind.folder)
    for name in (kind.template, "frame.html.j2", "sections.html.j2", "parts.html.j2"):
        assert environment.get_template(name).name == name


def test_a_training_needs_no_page() -> None:
    job_report.make_ready("train")
    assert not page.templates.cache_info().currsize

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import skills_ref

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill

TRIGGERS = (
    "train Visual ChangeNet",
    "ChangeNet classify",
    "ChangeNet segment",
    "AOI defect detection",
    "PCB inspection model",
)


def parts(root: Path) -> tuple[str, str]:
    _, head, body = (root / "SKILL.md").read_text().split("---\n", 2)
    return head, body


def test_the_reference_validator_of_agent_skills_finds_nothing(skill: Skill, tmp_path: Path) -> None:
    folder = tmp_path / skill.name
    folder.mkdir()
    shutil.copy(skill.root / "SKILL.md", folder)
    assert skills_ref.validate(folder) == []


def test_the_description_says_what_and_when_within_its_limit(skill: Skill) -> None:
    assert skill.name == "tao-train-visual-changenet"
    assert len(skill.description) <= 1024
    assert "Use it for" in skill.description
    for phrase in TRIGGERS:
        assert phrase in skill.description


def test_the_page_leaves_room_for_answers_in_a_small_context(skill: Skill) -> None:
    assert len((skill.root / "SKILL.md").read_text()) <= 2_600


def test_the_body_points_to_every_page(skill: Skill) -> None:
    named = parts(skill.root)[1].partition("`references/NAME.md`")[2]
    pages = sorted(path.stem for path in (skill.root / "references").glob("*.md"))
    assert pages
    assert sorted(re.findall(r"[a-z][a-z0-9-]+", named.partition(":")[2])) == pages


def test_the_body_offers_no_action_that_is_not_packaged(skill: Skill) -> None:
    _, body = parts(skill.root)
    actions = body.partition("## Actions")[2].partition("\n## ")[0]
    for action in skill.actions:
        assert f"`{action}`" in actions
    for action in skill.info["unavailable_actions"]:
        assert f"`{action}`" not in actions

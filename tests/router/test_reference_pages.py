# SPDX-License-Identifier: Apache-2.0
"""The prose pages against the declarations, schemas and commands that they speak of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import parse_scalar, read_json
from core.dotted import flatten, get
from core.memory import Memory
from interfaces.table import GROUPS, VERBS
from runners.planning.schema import action_schema

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill

PAGES = (
    "data-formats",
    "tuning-parameters",
    "troubleshooting",
    "local-docker",
    "parent-model-inference",
    "tao-deploy-visual-changenet",
    "laptop",
)
DATA_HEADER = ["Action", "Spec key", "Source", "File", "List"]
DEFAULT_HEADERS = (["Key", "Default", "Meaning"], ["Key", "Default", "What it does, and when to change it"])
PROBLEMS = (
    "checkpoint not found",
    "csv format mismatch",
    "image extension mismatch",
    "out of memory",
    "low evaluation accuracy",
    "assertionerror: contrastive loss",
    "keys do not match when a checkpoint is loaded",
    "training does not converge",
    "backbone dimension mismatch (segment)",
    "multiscaledeformableattention",
    "misconfigurationexception",
    "modulenotfounderror: nvidia_tao_pytorch",
    "how many epochs",
    "filenotfounderror for a url",
    "bus error",
)
ABSENT: Any = object()
# File names and a row of an action that is not packaged: shaped like keys, and in no schema.
NO_KEYS = {"dataset.csv", "inference.csv", "model.safetensors", "dataset.segment.quant_calibration_dataset.images_dir"}


def page(root: Path, name: str) -> str:
    return (root / "references" / f"{name}.md").read_text()


def tables(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """Every table of a page as header and rows, without the backticks of single values."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in block.strip().splitlines()]
        rows = [[cell.strip("| ") for cell in line] for line in lines]
        found.append((rows[0], rows[2:]))
    return found


def bare(cell: str) -> str:
    return cell.strip().strip("`")


def schema_defaults(skill: Skill) -> dict[str, dict[str, Any]]:
    """By action, the template with the defaults of what only the embedded engine knows."""
    schemas = {a: action_schema(skill, a, Memory()) for a in (*skill.actions, *skill.deploy_actions)}
    return {a: schema.filled(schema.default(), "embedded") for a, schema in schemas.items()}


def test_the_data_tables_are_those_of_the_declarations(skill: Skill) -> None:
    text = page(skill.root, "data-formats") + page(skill.root, "tao-deploy-visual-changenet")
    written = {
        tuple(bare(cell) for cell in row) for header, rows in tables(text) if header == DATA_HEADER for row in rows
    }
    declared = {
        (action, key, row["source"], row["path"] or "the folder", "yes" if row["list"] else "no")
        for action in (*skill.info["data_sources"], *skill.deploy_actions)
        for key, row in skill.data_sources(action).items()
    }
    assert written == declared


def test_the_parent_table_is_that_of_the_declarations(skill: Skill) -> None:
    header = ["Action", "Spec field", "Function", "Takes"]
    rows = next(rows for head, rows in tables(page(skill.root, "parent-model-inference")) if head == header)
    written = {(bare(row[0]), bare(row[1])): bare(row[2]) for row in rows}
    declared = {
        (action, key): function if isinstance(function, str) else "download"
        for action in (*skill.actions, *skill.deploy_actions)
        for key, function in skill.spec_params(action).items()
    }
    assert written == declared
    for action, key, _, takes in ([bare(cell) for cell in row] for row in rows if len(row) == 4):
        artifact = skill.parent_artifact(key)
        if artifact:
            assert re.findall(r"\.\w+", takes) == artifact["suffixes"], f"{action} {key}"


def test_every_inference_function_is_explained(skill: Skill) -> None:
    rows = next(
        rows for head, rows in tables(page(skill.root, "parent-model-inference")) if head == ["Function", "Gives"]
    )
    assert {bare(row[0]) for row in rows} == set(skill.info["inference_functions"])


@pytest.mark.parametrize("name", PAGES)
def test_the_defaults_in_the_tables_are_those_of_the_schemas(skill: Skill, name: str) -> None:
    defaults = schema_defaults(skill)
    for header, rows in tables(page(skill.root, name)):
        for row in rows if header in DEFAULT_HEADERS else ():
            key, shown = bare(row[0]), row[1]
            values = [get(tree, key, ABSENT) for tree in defaults.values()]
            there = [value for value in values if value is not ABSENT]
            assert there, f"{name}: no action has {key}"
            if shown.startswith("`") and ":" not in shown:
                assert parse_scalar(bare(shown)) in there, f"{name}: {key}"


@pytest.mark.parametrize("name", PAGES)
def test_every_key_that_a_page_names_is_in_a_schema(skill: Skill, name: str) -> None:
    known = {key for tree in schema_defaults(skill).values() for key in flatten(tree)}
    sections = {key.rpartition(".")[0] for key in known}
    named = set(
        re.findall(
            r"`((?:train|model|dataset|evaluate|inference|export|quantize|gen_trt_engine)\.[\w.]+)`",
            page(skill.root, name),
        )
    )
    assert named - known - sections - NO_KEYS == set()


def test_the_laptop_page_shows_the_laptop_profile(skill: Skill) -> None:
    shown = [rows for head, rows in tables(page(skill.root, "laptop")) if head == ["Key", "Value"]]
    written = [{bare(row[0]): parse_scalar(bare(row[1])) for row in rows} for rows in shown]
    assert written == [skill.profile_spec("laptop", action) for action in ("train", "segment_train")]


def test_the_laptop_page_names_every_key_of_the_embedded_engine(skill: Skill) -> None:
    found: set[str] = set()

    def walk(node: dict[str, Any], path: str) -> None:
        for name, child in node.get("properties", {}).items():
            if child.get("engines") == ["embedded"]:
                found.add(f"{path}{name}")
            walk(child, f"{path}{name}.")

    for action in skill.actions:
        walk(read_json(skill.schema_path(action)), "")
    text = page(skill.root, "laptop")
    assert found
    assert [key for key in sorted(found) if f"`{key}`" not in text] == []


def test_every_known_problem_has_symptom_cause_and_fix(skill: Skill) -> None:
    sections = page(skill.root, "troubleshooting").split("\n## ")[1:]
    titles = [section.partition("\n")[0].lower() for section in sections]
    for problem in PROBLEMS:
        assert any(problem in title for title in titles), problem
    for section in sections:
        assert re.findall(r"- \*\*(\w+)\*\*:", section) == ["Symptom", "Cause", "Fix"], section.partition("\n")[0]


def test_the_docker_page_has_what_a_container_run_needs(skill: Skill) -> None:
    text = page(skill.root, "local-docker")
    target = skill.profile_spec("container", "train")["model.backbone.pretrained_backbone_path"]
    for part in (
        "--gpus all",
        "--shm-size=8g",
        f":{target}",
        ":/results",
        skill.image("train"),
        "HF_TOKEN",
        "task: segment",
        "--runner docker",
        "changenet import-job",
        "make image",
    ):
        assert part in text, part


@pytest.mark.parametrize("name", ["SKILL.md", *(f"references/{name}.md" for name in PAGES)])
def test_links_and_files_that_a_page_names_are_there(skill: Skill, name: str) -> None:
    path = skill.root / name
    text = path.read_text()
    links = re.findall(r"\]\(([^)#]+)\)", text)
    templates = re.findall(r"spec_template_\w+\.yaml", text)
    assert [link for link in links if not (path.parent / link).is_file()] == []
    assert [file for file in templates if not (skill.root / "references" / file).is_file()] == []


@pytest.mark.parametrize("name", ["SKILL.md", *(f"references/{name}.md" for name in PAGES)])
def test_commands_that_a_page_names_exist(skill: Skill, name: str) -> None:
    text = (skill.root / name).read_text()
    verbs = set(re.findall(r"(?<![\w/.-])changenet ([a-z]+(?:-[a-z]+)*)", text))
    assert verbs - (VERBS.keys() | GROUPS.keys()) == set()


def test_no_page_speaks_of_a_table_row_that_is_no_row(skill: Skill) -> None:
    for name in PAGES:
        for header, rows in tables(page(skill.root, name)):
            assert all(len(row) <= len(header) for row in rows), f"{name}: {header}"

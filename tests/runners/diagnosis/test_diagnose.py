# SPDX-License-Identifier: Apache-2.0
"""What a diagnosis says: cause before symptom, evidence with its place, commands that exist, what was otherwise."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import DeclarationError
from core.problem import Problem
from core.redaction import MASK
from interfaces.cli import main
from interfaces.command_line import parse
from runners import api
from runners.diagnosis.diagnose import diagnose
from runners.diagnosis.evidence import HEAD_BYTES, TAIL_BYTES
from runners.diagnosis.rules import RETRIES, read_rules, rules_for
from runners.jobs.job import Artifact, JobState
from runners.planning.plan import Plan

if TYPE_CHECKING:
    from runners.jobs.job import Job
    from runners.jobs.store import JobStore

FailedJob = Callable[..., "Job"]
MakePlan = Callable[..., Plan]
TRACEBACK = 'Traceback (most recent call last):\n  File "train.py", line 3, in step\n'
OOM = f"{TRACEBACK}torch.OutOfMemoryError: CUDA out of memory.\n"
BIG_SPEC = {
    "dataset": {"classify": {"batch_size": 16, "workers": 8}},
    "train": {"num_epochs": 10, "optim": {"lr": 0.001}, "classify": {"loss": "contrastive"}},
    "model": {"backbone": {"pretrained_backbone_path": "/weights.pth"}},
}
LATEST = Artifact("model_epoch_003_step_00040.pth", "checkpoint", 9, "aa", ("latest", "periodic"), 3, 40)


def of_training(make_plan: MakePlan, **slots: Any) -> Plan:
    """The plan of a training whose request gave all that a command can repeat."""
    plan = make_plan(spec=BIG_SPEC)
    given: dict[str, Any] = {"data": "my boards", "overrides": {"batch_size": 16, "train.optim.lr": 0.001}} | slots
    draft = replace(
        plan,
        decision=replace(plan.decision, request=replace(plan.decision.request, **given)),
        inputs={"dataset.classify.train_dataset.csv_path": "/data/my boards/train/dataset.csv"},
        resources=replace(plan.resources, gpus=2),
        engine="embedded",
    )
    return replace(draft, id=draft.fingerprint())


def test_what_follows_from_the_cause_is_named_after_it(failed_job: FailedJob, store: JobStore) -> None:
    log = f"{OOM}[rank1]: RuntimeError: No space left on device\n"

    found = diagnose(store, failed_job(log))

    assert found.cause is not None
    assert (found.cause.rule, found.followed) == ("gpu.out_of_memory", ("disk.full",))


def test_evidence_has_file_line_and_no_secret(failed_job: FailedJob, store: JobStore) -> None:
    secret = "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"  # noqa: S105 - made up
    log = f"begin\nTraceback (most recent call last):\nGatedRepoError: 401 Client Error for token={secret}\n"

    found = diagnose(store, failed_job(log))

    assert found.cause is not None
    assert [(line.source, line.number) for line in found.cause.evidence] == [("log.txt", 3)]
    text = json.dumps(found.to_json())
    assert secret not in text
    assert MASK in text


def test_a_long_log_is_read_at_both_ends_and_its_lines_are_numbered_through(
    failed_job: FailedJob, store: JobStore
) -> None:
    filler = "working on it\n" * ((HEAD_BYTES + TAIL_BYTES) // 5)

    found = diagnose(store, failed_job(filler + OOM))

    assert found.cause is not None
    assert found.cause.evidence[0].number == filler.count("\n") + 3


@pytest.mark.parametrize(
    "log",
    [
        f"{OOM}the batch was halved, and the epoch begun again\nepoch 7: loss 0.2\nepoch 8: loss 0.1\n",
        "WARNING: CUDA out of memory, retrying with a smaller batch\nZeroDivisionError: division by zero\n",
        f"{TRACEBACK}    raise OSError('No space left on device')\nKeyError: 'board'\n",
        f"UserWarning: The NVIDIA driver on your system is too old\n{TRACEBACK}KeyError: 'board'\n",
    ],
)
def test_what_did_not_end_the_job_is_no_cause(log: str, failed_job: FailedJob, store: JobStore) -> None:
    found = diagnose(store, failed_job(log))

    assert found.cause is None
    assert found.words


def test_a_bar_that_is_drawn_once_more_after_the_error_hides_it_not(failed_job: FailedJob, store: JobStore) -> None:
    bar = "Epoch 0:  10%|#  | 4/38 [00:03<00:20]"

    found = diagnose(store, failed_job(f"{bar}\r{bar}\n{OOM}{bar}\nExecution status: FAIL\n"))

    assert found.cause is not None
    assert found.cause.rule == "gpu.out_of_memory"


def test_a_failure_that_no_log_tells_of_is_told_from_the_record(failed_job: FailedJob, store: JobStore) -> None:
    lost = failed_job("epoch 1\n", name="a", exit_code=None, failure=Problem("process.lost", "a", "it is gone"))
    killed = failed_job("epoch 1\n", name="b", exit_code=137)
    limit = Problem("docker.oom", "c", "the container was OOMKilled")
    full = failed_job("epoch 1\n", name="c", exit_code=137, failure=limit)

    causes = [diagnose(store, job).cause for job in (lost, killed, full)]

    assert [cause.rule for cause in causes if cause] == ["process.lost", "process.killed", "memory.limit"]
    assert [cause.retry for cause in causes if cause] == [RETRIES[k] for k in ("infrastructure", "by_hand", "never")]
    assert causes[2] is not None
    assert causes[2].evidence[0].source == "record"


def test_the_traceback_that_an_engine_keeps_apart_is_read(failed_job: FailedJob, store: JobStore) -> None:
    job = failed_job("")
    details = Path(job.results_dir) / "error_details.txt"
    details.parent.mkdir(parents=True)
    details.write_text(
        'Traceback (most recent call last):\n  File "a.py", line 1\nOSError: [Errno 116] Stale file handle\n'
    )
    (Path(job.folder) / "log.txt").write_text(
        f"epoch 1\nERROR [internal] {details}: unexpected OSError: [Errno 116]\n"
        "  remedy: the file named holds the details\nExecution status: FAIL\n"
    )

    found = diagnose(store, job)

    assert found.cause is not None
    assert (found.cause.rule, found.cause.retries) == ("disk.stale", True)
    assert "error_details.txt" in [line.source for line in found.cause.evidence]


def test_jobs_that_did_not_fail_have_no_cause(failed_job: FailedJob, store: JobStore) -> None:
    for state in (JobState.COMPLETE, JobState.CANCELED):
        found = diagnose(store, failed_job(OOM, name=str(state), state=state))
        assert (found.state, found.cause, found.possible) == (state, None, ())


def test_every_command_that_a_rule_offers_can_be_typed(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan, project_root: Path
) -> None:
    from runners.diagnosis.commands import commands_of
    from runners.model_rules import skill_at

    job = failed_job(OOM, plan=of_training(make_plan), artifacts=(LATEST,))
    commands = commands_of(job, of_training(make_plan), skill_at(""), store, {"done": "30"})

    for command in commands.values():
        words = shlex.split(command)
        assert words[0] == "changenet"
        parse(words[1:])
    named = {place for rule in rules_for(project_root) for fix in rule.fix for place in fix.strip("{}").split("} | {")}
    assert named - commands.keys() == {"from_parent", "more_time", "more_memory"}  # it has no parent and no limits
    assert "-s dataset.classify.batch_size=8" in commands["half_batch"]
    assert commands["half_batch"].startswith("changenet run train --data '/data/my boards' --automl off -s ")
    assert "train.optim.lr=0.00033" in commands["lower_rate"]
    assert "batch_size=16" in commands["lower_rate"]
    assert "train.num_epochs=40" in commands["more_epochs"]
    assert "pretrained_backbone_path=null" in commands["random_backbone"]
    assert "--gpus 0" in commands["on_cpu"]
    assert commands["check_data"].startswith("changenet data check '/data/my boards'")
    assert f"--parent {job.id}" in commands["resume"]


def test_a_command_repeats_what_was_set_about_the_platform(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan
) -> None:
    settings = {"memory": "4g", "mount": ("/a:/b", "/c:/d")}
    plan = of_training(make_plan, runner="docker", platform=settings)
    limit = Problem("action.out_of_memory", "c", "it used more memory than it was given")

    found = diagnose(store, failed_job("", plan=plan, runner="docker", exit_code=137, failure=limit))

    assert found.cause is not None
    assert found.cause.rule == "memory.limit"
    options = parse(shlex.split(found.cause.fix[0])[1:]).options
    assert (options.runner, options.memory, options.mount) == ("docker", "4g", ("/a:/b", "/c:/d"))


def test_a_trial_is_run_again_by_its_search(failed_job: FailedJob, store: JobStore, make_plan: MakePlan) -> None:
    draft = replace(of_training(make_plan), part_of="automl-20260101-000000-aaaaaa")

    found = diagnose(store, failed_job("", plan=draft, exit_code=-9, artifacts=(LATEST,)))

    assert found.cause is not None
    assert found.cause.fix == (f"changenet run --resume automl-20260101-000000-aaaaaa --results {store.root}",)


def test_a_training_that_left_nothing_is_begun_anew_and_not_resumed(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan
) -> None:
    plan = of_training(make_plan, overrides={"dataset.classify.batch_size": 16})

    found = diagnose(store, failed_job("", plan=plan, exit_code=-9))

    assert found.cause is not None
    (command,) = found.cause.fix
    assert "--parent" not in command
    assert "batch_size=8" in command


def test_what_was_otherwise_in_the_last_good_run_is_told(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan, tmp_path: Path
) -> None:
    table = tmp_path / "dataset.csv"
    table.write_text("a")
    inputs = {"dataset.classify.train_dataset.csv_path": str(table)}
    before = replace(of_training(make_plan), inputs=inputs)
    after = replace(before, spec={**before.spec, "dataset": {"classify": {"batch_size": 64, "workers": 8}}})
    failed_job("", name="older", plan=before, state=JobState.COMPLETE, exit_code=0)
    good = failed_job("", name="good", plan=before, state=JobState.COMPLETE, exit_code=0)
    failed_job("", name="other", state=JobState.COMPLETE, exit_code=0, action="evaluate")

    found = diagnose(store, failed_job(OOM, name="bad", plan=after))

    assert found.good == good.id
    assert [(d.what, d.then, d.now) for d in found.differs] == [("dataset.classify.batch_size", 16, 64)]

    table.write_text("changed since")
    (later,) = [d for d in diagnose(store, store.read("bad")).differs if str(table) in d.what]
    assert "13 bytes now" in later.now


def test_versions_that_changed_since_the_last_good_run_are_told(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan
) -> None:
    plan = replace(make_plan(), engine="embedded")
    plan = replace(plan, id=plan.fingerprint())
    good = api.launch(plan, store=store)
    bad = failed_job(OOM, name="bad", plan=plan)
    told = json.loads((Path(good.folder) / "versions.json").read_text())
    (Path(bad.folder) / "versions.json").write_text(json.dumps(told | {"torch": "1.0"}))

    found = diagnose(store, bad)

    assert (good.state, found.good) == (JobState.COMPLETE, good.id)
    assert [(d.what, d.now) for d in found.differs] == [("version of torch", "1.0")]
    assert found.differs[0].then.startswith("2.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: []", "no list"),
        ("- id: a\n  cause: b\n", "lacks advice"),
        ("- {id: a, cause: b, advice: c, paterns: [x]}", "'paterns'"),
        ("- {id: a, cause: b, advice: c, any: ['(']}", "regular expression"),
        ("- {id: a, cause: b, advice: c, any: x}", "no list of str"),
        ("- {id: a, cause: b, advice: c, exit_codes: ['1']}", "no list of int"),
        ("- {id: a, cause: b, advice: c, retry: always}", "retry is"),
        ("- {id: a, cause: b, advice: c}\n- {id: a, cause: b, advice: c}", "twice"),
    ],
)
def test_a_broken_rule_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(text)

    with pytest.raises(DeclarationError, match=said) as caught:
        read_rules(tmp_path / "rules.yaml")

    assert str(tmp_path / "rules.yaml") in caught.value.where


def test_the_commands_tell_it_by_themselves(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan, capsys: pytest.CaptureFixture[str]
) -> None:
    job = failed_job(OOM, plan=of_training(make_plan))
    root = ["--results", str(store.root)]
    shown = {}
    for verb, expected in (("diagnose", 0), ("result", 4), ("status", 0)):
        assert main([verb, job.id, *root]) == expected
        shown[verb] = capsys.readouterr().out

    for text in shown.values():
        assert "[gpu.out_of_memory]" in text
        assert "  run      changenet run train --data '/data/my boards'" in text
    assert main(["diagnose", job.id, "--json", *root]) == 0
    assert json.loads(capsys.readouterr().out)["diagnosis"]["cause"]["retry"]["automatic"] is False


def test_a_training_that_was_killed_goes_on_by_the_command_that_is_told(
    engine: Path, boards: Path, store: JobStore, capsys: pytest.CaptureFixture[str]
) -> None:
    text = engine.read_text()
    kill = 'if not spec["train"].get("resume_training_checkpoint_path"):\n    os.kill(os.getpid(), signal.SIGKILL)\n'
    engine.write_text(text.replace('say(status=behaviour.get("status"', f'{kill}say(status=behaviour.get("status"'))
    request = ["train", "--data", str(boards), "--automl", "off", "--engine", str(engine), "-s", "batch_size=4"]
    request += ["-s", "model.backbone.pretrained_backbone_path=null"]
    assert main(["run", *request, "--results", str(store.root)]) == 4
    shown = capsys.readouterr().out
    (killed,) = store.ids()

    assert "[process.killed]" in shown
    (command,) = [line.split("run      ")[1] for line in shown.splitlines() if line.startswith("  run      ")]
    assert main(shlex.split(command)[1:]) == 0

    child, parent = (store.read(name) for name in store.ids())
    assert (child.state, child.parent_job_id, parent.id) == (JobState.COMPLETE, killed, killed)
    spec = json.loads((Path(child.folder) / "plan.json").read_text())["spec"]
    assert spec["train"]["resume_training_checkpoint_path"].endswith("model_epoch_001_step_00020.pth")
    assert spec["dataset"]["classify"]["batch_size"] == 4
    assert spec["dataset"]["classify"]["train_dataset"]["images_dir"] == str(boards / "images")


def test_the_failures_of_a_search_are_counted_by_cause(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan, capsys: pytest.CaptureFixture[str]
) -> None:
    search = "automl-20260101-000000-aaaaaa"
    (store.root / search).mkdir(parents=True)
    for n, log in enumerate((OOM, "nothing known\n", OOM)):
        failed_job(log, name=f"train-{n}", plan=of_training(make_plan), part_of=search)

    assert main(["diagnose", search, "--results", str(store.root)]) == 0

    out = capsys.readouterr().out
    assert f"{search}: 3 jobs failed" in out
    assert "2 x gpu.out_of_memory, such as train-0" in out or "2 x gpu.out_of_memory, such as train-2" in out
    assert "1 x unknown" in out


def test_a_bare_kill_is_told_with_what_may_be_behind_it_but_for_what_the_log_denies(
    failed_job: FailedJob, store: JobStore, capsys: pytest.CaptureFixture[str]
) -> None:
    kill = "Epoch 3: loss 0.2\ncn-31 exited with code 137\n"
    denied = f'{kill}$ docker inspect cn-31\n{{"OOMKilled":false,"ExitCode":137}}\n'
    bare, looked_into = (diagnose(store, failed_job(log, name=f"job-{n}")) for n, log in enumerate((kill, denied)))

    assert (bare.cause and bare.cause.rule) == (looked_into.cause and looked_into.cause.rule) == "process.killed_word"
    assert {"memory.limit", "memory.exhausted", "slurm.cancelled"} <= {cause.rule for cause in bare.possible}
    assert "memory.limit" not in {cause.rule for cause in looked_into.possible}
    assert {cause.evidence for cause in bare.possible} == {()}
    assert main(["diagnose", "job-0", "--results", str(store.root)]) == 0
    assert "perhaps  A person, or another program, cancelled the job. [slurm.cancelled]" in capsys.readouterr().out


def test_a_failure_on_the_gpu_that_has_no_name_has_several_possible_causes(
    failed_job: FailedJob, store: JobStore
) -> None:
    found = diagnose(store, failed_job(f"{TRACEBACK}RuntimeError: CUDA error: unspecified launch failure\n"))

    assert found.cause is None
    told = [cause.rule for cause in found.possible]
    assert told[0] == "gpu.launch_failure"
    assert {"gpu.illegal_access", "gpu.hardware"} <= set(told)


@pytest.mark.parametrize(("answer", "rule"), [("true", "memory.limit"), ("false", "process.killed_word")])
def test_a_command_that_was_typed_names_what_was_asked_and_its_answer_counts(
    answer: str, rule: str, failed_job: FailedJob, store: JobStore
) -> None:
    log = f"Epoch 3: loss 0.2\nKilled\nlab@box:~$ docker inspect cn-31 -f '{{{{.State.OOMKilled}}}}'\n{answer}\n"

    told = diagnose(store, failed_job(log)).cause

    assert told
    assert told.rule == rule


def test_every_rule_that_may_be_behind_another_is_one(project_root: Path) -> None:
    rules = rules_for(project_root)

    assert {name for rule in rules for name in rule.between} <= {rule.id for rule in rules}


def test_the_word_of_the_platform_explains_the_signal_and_its_command_asks_for_more(
    failed_job: FailedJob, store: JobStore, make_plan: MakePlan
) -> None:
    stopped = "ERROR [stopped] stopped by SIGTERM\n  remedy: run the same command again\nExecution status: FAIL\n"
    limit = Problem("job.time_limit", "a", "its time limit was used up (Slurm job 11: TIMEOUT)")
    plan = of_training(make_plan, runner="slurm", gpus=0, platform={"time_limit": "1-12", "memory": "4.5g"})
    ended = failed_job(stopped, name="a", plan=plan, runner="slurm", failure=limit, artifacts=(LATEST,))
    killed = failed_job(stopped, name="b", plan=plan, failure=Problem("action.out_of_memory", "b", "OOM"))

    (time, memory, bare) = (diagnose(store, job).cause for job in (ended, killed, failed_job(stopped, name="c")))

    assert time
    assert memory
    assert bare
    assert (time.rule, memory.rule, bare.rule) == ("slurm.time_limit", "memory.limit", "engine.stopped")
    assert "--parent a" in time.fix[0]
    options = parse(shlex.split(time.fix[0])[1:]).options
    assert (options.time_limit, options.gpus, options.runner) == ("72:00:00", 0, "slurm")
    assert "--memory 9g" in memory.fix[-1]

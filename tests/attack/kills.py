# SPDX-License-Identifier: Apache-2.0
"""Random kills of callers, supervisors, actions and controllers: `python tests/attack/kills.py`, for some minutes.

Every job has to end in the state that its log and status tell, within 15 s of being looked at once it works no more,
with nothing of it left running; every search has to be resumed to the result of one that nobody interrupted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.file_names import LOG_FILE, STATUS_FILE
from router.types import Decision, Request
from runners import api
from runners.jobs.job import JobState
from runners.jobs.status_log import has_passed, read_progress
from runners.jobs.store import JobStore
from runners.planning.plan import JOB_FOLDER, Plan
from runners.platforms.belongings import belongings
from runners.platforms.handles import processes_in

if TYPE_CHECKING:
    from types import ModuleType

    from runners.jobs.job import Job
    from runners.platforms.processes import ProcessId

TESTS = Path(__file__).parents[1]
CHANGENET = str(Path(sys.executable).with_name("changenet"))
VICTIMS = ("caller", "supervisor", "action")
ANSWER_SECONDS, WORK_SECONDS = 15.0, 60.0
LAUNCH = """
import json, sys
from pathlib import Path
from runners import api
from runners.jobs.store import JobStore
from runners.planning.plan import Plan
api.launch(Plan.from_json(json.loads(Path(sys.argv[1]).read_text())), store=JobStore(Path(sys.argv[2])))
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: whose, after how long, what became of it, and what was wrong with that."""

    victim: str
    outcome: str
    wrong: tuple[str, ...] = ()


def helpers(room: str) -> ModuleType:
    """The stand-ins for an engine that the tests of a room use."""
    specification = importlib.util.spec_from_file_location(f"{room}_helpers", TESTS / room / "conftest.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module
    specification.loader.exec_module(module)
    return module


def kill_a_job(folder: Path, chance: random.Random) -> Kill:
    """Launch a job, kill one of its processes at any moment, and look at it until it has ended."""
    store, plan = JobStore(folder / "results"), _plan(folder, chance)
    (folder / "plan.json").write_text(json.dumps(plan.to_json()))
    command = [sys.executable, "-c", LAUNCH, str(folder / "plan.json"), str(store.root)]
    victim, delay = chance.choice(VICTIMS), chance.choice([0, chance.uniform(0, 2)])
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as caller:
        while victim != "caller" and caller.poll() is None and victim not in _people(store):
            time.sleep(0.002)
        time.sleep(delay if victim != "caller" else chance.uniform(0, 2.5))
        hit = _kill(victim, caller, store)
        if victim != "caller":
            caller.wait()
    jobs = store.newest()
    if not jobs:
        return Kill(victim, "nothing recorded")
    ended, wrong = _ending(store, jobs[0])
    code = f" {ended.failure.code}" if ended.failure else ""
    return Kill(victim if hit else f"{victim} (not there)", f"{ended.state}{code}", tuple(wrong))


def _plan(folder: Path, chance: random.Random) -> Plan:
    conftest = helpers("runners")
    engine = folder / "visual_changenet"
    text = conftest.STAND_IN.format(python=sys.executable)
    engine.write_text(text.replace('time.sleep(600)"])', 'time.sleep(600)"], start_new_session=True)'))
    engine.chmod(0o755)
    behaviour = {"sleep": chance.uniform(0, 1.5), "worker": chance.random() < 0.7}
    return Plan.sealed(
        decision=Decision("changenet", "train", "classify", "direct", "off", "slot", Request(action="train")),
        action="train",
        task="classify",
        spec={"results_dir": f"{JOB_FOLDER}/results", "behaviour": behaviour},
        provenance={},
        runner="local",
        command=(str(engine), "train", "-e", f"{JOB_FOLDER}/spec.yaml"),
        results_root=str(folder / "results"),
        engine="named",
    )


def _kill(victim: str, caller: subprocess.Popen[Any], store: JobStore) -> bool:
    if victim == "caller":
        caller.kill()
        return True
    people = _people(store)
    return victim in people and people[victim].signal(signal.SIGKILL)


def _people(store: JobStore) -> dict[str, ProcessId]:
    return next((processes_in(store.handle(job.id)) for job in store.newest(1)), {})


def _ending(store: JobStore, job: Job) -> tuple[Job, list[str]]:
    """The job once it has ended, and what is wrong with that."""
    begun = asked = time.monotonic()
    found = api.get_job(job.id, store)
    while not found.state.is_terminal and time.monotonic() < min(asked + ANSWER_SECONDS, begun + WORK_SECONDS):
        if belongings(job.id) and _is_at_work(job):
            asked = time.monotonic()
        time.sleep(0.05)
        found = api.get_job(job.id, store)
    wrong = [] if found.state.is_terminal else [f"{job.id} is still {found.state}"]
    status = read_progress(Path(job.results_dir) / STATUS_FILE)
    did_it = has_passed(Path(job.folder) / LOG_FILE) and bool(status) and status[-1].status == "SUCCESS"
    if (found.state is JobState.COMPLETE) is not did_it and not _may_doubt(found, did_it):
        wrong.append(f"{job.id} is {found.state}, and its log says otherwise")
    if found.state is JobState.ERROR and not (found.failure and found.failure.remedy):
        wrong.append(f"{job.id} failed without a remedy")
    if left := belongings(job.id):
        wrong.append(f"{len(left)} processes of {job.id} are left")
    if api.get_job(job.id, store) != found:
        wrong.append(f"{job.id} changed after its end")
    return found, wrong


def _is_at_work(job: Job) -> bool:
    return not has_passed(Path(job.folder) / LOG_FILE)


def _may_doubt(job: Job, did_it: bool) -> bool:
    """An action that was killed after its last word, and before its end, has failed by its exit code."""
    return did_it and job.exit_code == -signal.SIGKILL


class Search:
    """A search on the simulated engine, in a folder of its own."""

    def __init__(self, folder: Path, boards: Path, engine: Path, seed: int) -> None:
        folder.mkdir()
        self.folder, self.store = folder, JobStore(folder / "results")
        keys = ("backbone=fan_tiny_8_p4_hybrid", "image_ext=.png", "num_input=1", "input_map=null", "num_epochs=2")
        options = ("--algorithm", "asha", "--trials", "4", "--seed", str(seed), "--parallel", "2", "--no-test")
        words = [word for key in keys for word in ("-s", key)]
        self._begin = [CHANGENET, "run", "train", "--data", str(boards), "--engine", str(engine), *words, *options]

    def name(self) -> str | None:
        """The folder of the search, once a record of it is there that can be resumed."""
        found = sorted(self.store.root.glob("automl-*/experiment.sqlite3"), key=lambda path: path.stat().st_ctime_ns)
        return str(found[-1].parent) if found else None

    def go_on(self) -> subprocess.Popen[bytes]:
        """Begin the search, or resume it."""
        name = self.name()
        command = [CHANGENET, "run", "--resume", name] if name else self._begin
        log = (self.folder / "controller.log").open("ab")
        return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)

    def result(self) -> list[Any]:
        """What is recorded of each trial, without names, paths and times."""
        best = json.loads((Path(str(self.name())) / "best_rec.json").read_text())
        return [(t["trial"], t["state"], t["values"], t["setting"], t["epochs_trained"]) for t in best["trials"]]


def kill_a_search(search: Search, kills: int, expected: list[Any], chance: random.Random) -> list[Kill]:
    """Kill controllers, and a supervisor and an action at most, and resume until the search is over."""
    done: list[Kill] = []
    controller = search.go_on()
    victims = ["controller"] * (kills - 2) + ["supervisor", "action"]
    chance.shuffle(victims)
    for victim in victims:
        time.sleep(chance.uniform(0, 6))
        if controller.poll() is None:
            if victim == "controller":
                controller.kill()
                controller.wait()
            else:
                _kill(victim, controller, search.store)
            done.append(Kill(victim, "resumed"))
        if controller.poll() is not None:
            controller = search.go_on()
    if controller.wait() != 0:
        controller = search.go_on()
    wrong = [] if controller.wait() == 0 else ["the search ended with an error: see its controller.log"]
    if not wrong and search.result() != expected:
        wrong.append(f"the search ended elsewhere: {search.result()} and not {expected}")
    wrong += [f"processes of {job_id} are left" for job_id in search.store.ids() if belongings(job_id)]
    wrong += [f"{job.id} is {job.state}" for job in api.list_jobs(search.store) if not job.state.is_terminal]
    return [*done, Kill("search", "as uninterrupted" if not wrong else "WRONG", tuple(wrong))]


def searches(folder: Path, count: int, kills: int, chance: random.Random) -> list[Kill]:
    """Searches with `kills` kills each, every one beside its like that nobody interrupts."""
    conftest = helpers("automl")
    engine, boards = folder / "visual_changenet", folder / "boards"
    libraries = [entry for entry in sys.path if entry.endswith("site-packages")]
    engine.write_text(conftest.SIMULATED.format(python=sys.executable, path=libraries))
    engine.chmod(0o755)
    for split, pairs in (("train", 24), ("val", 12), ("test", 12)):
        conftest._write_split(boards / split, pairs)  # noqa: SLF001 - of the same tests
    os.environ["CHANGENET_SIM"] = str(folder / "simulation.json")
    (folder / "simulation.json").write_text(json.dumps({"epoch_seconds": 0.3}))
    found = []
    for number in range(count):
        seed = chance.randrange(1000)
        calm = Search(folder / f"calm-{number}", boards, engine, seed)
        if calm.go_on().wait() != 0:
            raise SystemExit((calm.folder / "controller.log").read_text())
        killed = Search(folder / f"killed-{number}", boards, engine, seed)
        found += kill_a_search(killed, kills, calm.result(), chance)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Kill, print a table, and return 1 when something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=140)
    parser.add_argument("--searches", type=int, default=6)
    parser.add_argument("--kills", type=int, default=10, help="kills of each search")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    os.environ["CHANGENET_GRACE_SECONDS"] = "3"
    chance, kills = random.Random(chosen.seed), []
    with tempfile.TemporaryDirectory() as place:
        for number in range(chosen.jobs):
            folder = Path(place) / f"job-{number}"
            folder.mkdir()
            kills.append(kill_a_job(folder, chance))
        if chosen.searches:
            kills += searches(Path(place), chosen.searches, chosen.kills, chance)
    for (victim, outcome), count in sorted(Counter((kill.victim, kill.outcome) for kill in kills).items()):
        sys.stdout.write(f"{victim:<24} {outcome:<28} {count:>5}\n")
    wrong = [text for kill in kills for text in kill.wrong]
    sys.stdout.write("".join(f"WRONG: {text}\n" for text in wrong) or "nothing was wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

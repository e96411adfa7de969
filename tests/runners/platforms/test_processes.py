# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from runners.platforms import belongings, processes
from runners.platforms.handles import Handle, processes_in
from runners.platforms.processes import ProcessId, has_in_environment, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "train-20260101-000000-aaaaaa"
# Its grandchild leaves group, session and parent behind; `env` is what is left of the environment.
FAR = """
import os, subprocess, sys, time
environment = os.environ if sys.argv[1] == "marked" else {}
program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", program], start_new_session=True, env=environment)
if sys.argv[2] == "stay":
    time.sleep(600)
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file by which this machine is known; a process that looked before does not know of a change."""
    path = tmp_path / "machine-id"
    path.write_text("0" * 32)
    monkeypatch.setattr(processes, "_MACHINE_FILES", (path,))
    processes.here.cache_clear()
    yield path
    processes.here.cache_clear()


def test_another_machine_of_the_same_name_is_not_this_one_after_a_restart(machine: Path) -> None:
    before = replace(ProcessId.own(), boot="the boot before")
    assert not before.is_foreign()
    assert not before.is_alive()

    machine.write_text("1" * 32)
    processes.here.cache_clear()

    assert before.is_foreign()


def test_a_machine_that_nothing_tells_from_others_vouches_for_one_boot_alone(machine: Path) -> None:
    machine.unlink()
    processes.here.cache_clear()
    own = ProcessId.own()
    assert (own.machine, own.is_foreign(), own.is_alive()) == ("", False, True)
    assert replace(own, boot="another boot").is_foreign()


def test_a_machine_is_known_without_giving_its_id_away(machine: Path) -> None:
    assert ProcessId.own().machine
    assert machine.read_text() not in str(asdict(ProcessId.own()))


@pytest.mark.parametrize("change", [{"host": "elsewhere", "boot": "b"}, {"namespace": "pid:[1]"}, {"boot": ""}])
def test_what_may_run_elsewhere_is_never_signalled(
    change: dict[str, str], sleeper: subprocess.Popen[bytes], machine: Path
) -> None:
    assert machine
    identity = ProcessId.of(sleeper.pid)
    assert identity
    stranger = replace(identity, **change)
    assert stranger.is_foreign()
    assert not stranger.signal(signal.SIGKILL)
    assert not replace(identity, started="1").signal(signal.SIGKILL)
    assert sleeper.poll() is None
    assert identity.signal(signal.SIGKILL)
    assert sleeper.wait() == -signal.SIGKILL
    assert not identity.signal(signal.SIGKILL)


@pytest.mark.parametrize("pid", [0, -1, True, 2**31, 2**70, "7", 7.0, None])
def test_a_number_that_is_no_process_is_no_identity(pid: Any) -> None:
    document = asdict(ProcessId.own()) | {"pid": pid}
    assert ProcessId.from_json(document) is None
    assert processes_in(Handle("local", {"supervisor": document, "action": 7, "launcher": {"pid": 1}})) == {}


@pytest.mark.parametrize("change", [{"started": ""}, {"started": None}, {"host": 7}, {"more": 1}])
def test_what_is_no_identity_is_not_taken_for_one(change: dict[str, Any]) -> None:
    own = ProcessId.own()
    assert ProcessId.from_json(asdict(own)) == own
    assert ProcessId.from_json(asdict(own) | change) is None


def test_the_table_has_every_process_by_either_way(sleeper: subprocess.Popen[bytes]) -> None:
    for rows in (table(), processes.table_by_ps()):
        found = {row.pid: row for row in rows}
        assert found[sleeper.pid] == (sleeper.pid, os.getpid(), os.getpgid(0))


def test_an_entry_of_an_environment_is_whole(sleeper: subprocess.Popen[bytes]) -> None:
    path = os.environ["PATH"]
    assert has_in_environment(sleeper.pid, f"PATH={path}")
    assert not has_in_environment(sleeper.pid, f"PATH={path[:-1]}")
    assert not has_in_environment(2**22 + 1, f"PATH={path}")


def test_a_process_that_has_just_begun_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its program is there before its arguments and its environment; a thread of the kernel never has any of them."""
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    begun, kernel = tmp_path / "7", tmp_path / "8"
    for folder in (begun, kernel):
        folder.mkdir()
        (folder / "environ").touch()
        (folder / "cmdline").touch()
    (begun / "exe").symlink_to(sys.executable)
    later = threading.Timer(0.05, (begun / "environ").write_bytes, [b"A=1\0B=2\0"])
    later.start()

    assert has_in_environment(7, "B=2")
    assert not has_in_environment(8, "B=2")
    later.join()


@pytest.mark.parametrize("how", ["marked", "bare"])
@pytest.mark.parametrize("stopped", [False, True])
def test_what_left_group_and_session_is_found_and_ended(how: str, stopped: bool) -> None:
    command = [sys.executable, "-c", FAR, how, "stay"]
    environment = os.environ | belongings.mark(JOB)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as action:
        assert action.stdout
        far = ProcessId.of(int(action.stdout.readline()))
        assert far
        leader = ProcessId.of(action.pid)
        assert {leader, far} == set(belongings.belongings(JOB))
        if stopped:
            far.signal(signal.SIGSTOP)
        belongings.stop(JOB, leader, 2)
        assert action.wait() == -signal.SIGTERM
    assert not far.is_alive()


ADOPTER = """
import subprocess, sys
from runners.platforms import belongings
from runners.platforms.processes import ProcessId
belongings.adopt_orphans()
action = subprocess.Popen([sys.executable, "-c", sys.argv[1], "bare", "leave"], stdout=subprocess.PIPE, text=True)
far = ProcessId.of(int(action.stdout.readline()))
action.wait()
print(far.is_alive(), belongings.belongings("none", adopted=True) == [far])
belongings.stop("none", None, 2, adopted=True)
print(far.is_alive())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems hand orphans to their first process")
def test_an_orphan_without_a_mark_is_found_by_who_adopted_it() -> None:
    answer = subprocess.run([sys.executable, "-c", ADOPTER, FAR], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["True", "True", "False"]

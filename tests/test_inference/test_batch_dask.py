"""A real Dask scheduler with two workers on this machine; one of them dies in the middle."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import soundfile

from inference.batch import run_dask as run_dask_module

distributed = pytest.importorskip("distributed")

ROOT = Path(__file__).resolve().parents[2]
LINES = 80


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Starts a scheduler and two workers as a user would, and ends them."""
    folder = tmp_path_factory.mktemp("dask")
    address_file = folder / "scheduler.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "10",
    }

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    where = ["--scheduler-file", str(address_file)]
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = start("distributed.cli.dask_scheduler", *where, *here, "--port", "0")
    worker = ("distributed.cli.dask_worker", *where, *here, "--nthreads", "1", "--no-nanny")
    workers = [start(*worker, "--local-directory", str(folder / str(number))) for number in range(2)]
    with distributed.Client(scheduler_file=str(address_file), timeout="60s", set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
    yield address, scheduler, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.fixture
def many(tmp_path, make_speech):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(LINES):
        soundfile.write(folder / f"{number:02d}.wav", make_speech(1.0, seed=number), 16_000)
    return folder


def kill_in_the_middle(process, out):
    """Kills a process when a quarter of the lines are done; returns the thread that waits for it."""
    parts = out / ".lipwright" / "parts"

    def wait_and_kill():
        while len(list(parts.glob("*/*"))) + len(results(out)) < LINES // 4:
            time.sleep(0.01)
        process.kill()

    killer = threading.Thread(target=wait_and_kill, daemon=True)
    killer.start()
    return killer


def results(out):
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.csv"))}


def test_a_cluster_that_loses_a_worker_loses_no_line(cluster, many, tmp_path, batch):
    address, _, workers = cluster
    out = tmp_path / "out"
    assert batch(many, output=tmp_path / "undisturbed").code == 0
    killer = kill_in_the_middle(workers[0], out)
    answer = batch(many, "--scheduler", address)
    assert answer.code == 0, answer.err
    assert answer.report["counts"] == {"done": LINES}
    assert not killer.is_alive()
    assert workers[0].wait(5) != 0
    assert results(out) == results(tmp_path / "undisturbed")
    assert batch(many, "--scheduler", address).report["counts"] == {"unchanged": LINES}


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_cluster_writes_all_lines_of_a_character_into_one_file(cluster, many, tmp_path, batch, kind):
    address, _, _ = cluster
    some = [many, "--only", "0*", "--per-character", kind]
    assert batch(*some, output=tmp_path / "undisturbed").code == 0
    answer = batch(*some, "--scheduler", address)
    assert answer.code == 0, answer.err
    assert answer.states[f"characters/Lipwright Head.{kind}"] == "done"
    here, there = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "characters").iterdir()}
        for name in ("undisturbed", "out")
    )
    assert here == there
    assert len(here) == (2 if kind == "csv" else 1)
    assert set(batch(*some, "--scheduler", address).states.values()) == {"unchanged"}


def test_a_scheduler_that_does_not_answer_gets_a_sentence(many, batch, monkeypatch):
    monkeypatch.setattr(run_dask_module, "_TIMEOUT", "1s")
    answer = batch(many, "--scheduler", "tcp://127.0.0.1:1")
    assert answer.code == 1
    assert "tcp://127.0.0.1:1: no Dask scheduler answers there; check the address" in answer.err
    answer = batch(many, "--scheduler", "no address at all")
    assert answer.code == 1
    assert answer.err.startswith("lipwright: error: --scheduler no address at all")


def test_a_scheduler_that_dies_keeps_what_is_done(cluster, many, tmp_path, batch):
    """The last test of this file, as it ends the cluster."""
    address, scheduler, _ = cluster
    out = tmp_path / "out"
    kill_in_the_middle(scheduler, out)
    answer = batch(many, "--scheduler", address)
    assert answer.code == 1
    assert answer.err == (
        "lipwright: error: the Dask scheduler is gone; start it and run again: what is done is kept\n"
    )
    done = len(results(out))
    assert done > 0
    states = list(batch(many).states.values())
    assert (states.count("unchanged"), states.count("done")) == (done, LINES - done)

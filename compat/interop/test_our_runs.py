"""Runs that our library writes, as the official client reads and continues them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import wandb
from serving import Server


def train(server: Server, run: str) -> None:
    """Runs the example with the client's own settings."""
    program = server.binary.parent / "examples" / f"train{server.binary.suffix}"
    subprocess.run([program, run], check=True, stdin=subprocess.DEVNULL, env=os.environ, timeout=120)


@pytest.mark.every_client
def test_a_run_of_ours_is_read(server, project, api):
    train(server, "ours")
    found = api.run(f"alice/{project}/ours")
    assert (found.state, found.job_type) == ("finished", "train")
    assert found.config == {"learning rate": 0.1, "layers": [64, 10]}
    assert (found.summary["accuracy"], found.summary["loss"], found.summary["best epoch"]) == (0.9, 0.1, 9)
    assert found.lastHistoryStep == 10
    assert [row["loss"] for row in found.scan_history(keys=["loss"])] == [1 / (epoch + 1) for epoch in range(10)]
    names = {file.name for file in found.files()}
    assert names == {"config.yaml", "notes/last.txt", "wandb-metadata.json", "wandb-summary.json"}
    with found.file("notes/last.txt").download("got") as notes:
        assert notes.read() == "it went well"
    assert Path("got/notes/last.txt").exists()
    assert found.metadata["client"].startswith("wandb-rs ")


@pytest.mark.every_client
def test_each_client_goes_on_where_the_other_stopped(server, project, api):
    train(server, "shared")
    with wandb.init(id="shared", resume="must") as run:
        assert run.resumed
        assert run.starting_step == 11
        assert run.config["learning rate"] == 0.1
        assert run.summary["best epoch"] == 9
        run.log({"theirs": True})
    train(server, "shared")
    found = api.run(f"alice/{project}/shared")
    assert [row["_step"] for row in found.scan_history()] == list(range(23))
    assert found.state == "finished"


def test_numbers_without_a_value_cost_nothing(project, api):
    with wandb.init() as run:
        run.log({"loss": float("nan"), "most": float("inf"), "n": 1})
        run.log({"loss": 1.0, "n": 2})
        run.summary["worst"] = float("-inf")
        path = run.path
    found = api.run(path)
    assert [row["n"] for row in found.scan_history()] == [1, 2]
    assert found.summary["n"] == 2
    assert found.state == "finished"

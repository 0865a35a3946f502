"""Runs: their data, and how they are found, changed, resumed and deleted."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import wandb
from flows import draft, refusal, write


@pytest.mark.every_client
def test_what_a_run_keeps(project, api):
    settings = {"group": "g", "job_type": "train", "tags": ["a", "b"], "notes": "some notes", "name": "shown"}
    with wandb.init(config={"lr": 0.1, "deep": {"n": [1, 2]}}, **settings) as run:
        for step in range(5):
            run.log({"loss": 1 / (step + 1), "step": step})
        run.summary["best"] = 0.2
        run.config.update({"late": True})
        path = f"alice/{project}/{run.id}"
    found = api.run(path)
    assert (found.state, found.name, found.group, found.job_type) == ("finished", "shown", "g", "train")
    assert (found.tags, found.notes) == (["a", "b"], "some notes")
    assert found.config == {"lr": 0.1, "deep": {"n": [1, 2]}, "late": True}
    assert found.summary["best"] == 0.2
    assert found.summary["loss"] == 0.2
    assert found.lastHistoryStep == 4
    assert [row["loss"] for row in found.scan_history(keys=["loss"])] == [1 / (step + 1) for step in range(5)]
    assert [row["step"] for row in found.scan_history()] == list(range(5))
    assert list(found.history(pandas=False, keys=["step"]))[-1]["step"] == 4
    assert list(found.history(samples=10)["step"]) == list(range(5))
    assert found.user.username == "alice"
    assert found.metadata["python"].startswith("CPython")


def test_history_keeps_every_step_of_a_long_run(project, api):
    with wandb.init() as run:
        for step in range(3000):
            run.log({"n": step, "sometimes": step} if step % 100 == 0 else {"n": step})
        path = run.path
    found = api.run(path)
    assert [row["n"] for row in found.scan_history(page_size=700)] == list(range(3000))
    assert [row["sometimes"] for row in found.scan_history(keys=["sometimes"])] == list(range(0, 3000, 100))
    assert [row["n"] for row in found.scan_history(min_step=10, max_step=20)] == list(range(10, 20))
    assert len(found.history(samples=100, pandas=False)) <= 3000


@pytest.mark.every_client
def test_resume_goes_on_where_the_run_stopped(project, api):
    with wandb.init(id="resumed", config={"lr": 0.1}, tags=["t"]) as run:
        for step in range(3):
            run.log({"n": step})
        run.summary["kept"] = "yes"
    with wandb.init(id="resumed", resume="must") as run:
        assert run.resumed
        assert run.starting_step == 3
        assert run.config["lr"] == 0.1
        assert run.summary["kept"] == "yes"
        run.log({"n": 3})
    found = api.run(f"{project}/resumed")
    assert [(row["_step"], row["n"]) for row in found.scan_history(keys=["_step", "n"])] == [
        (0, 0), (1, 1), (2, 2), (3, 3)]
    assert found.summary["kept"] == "yes"
    assert found.tags == ["t"]
    refusal(lambda: wandb.init(id="never-there", resume="must"))
    refusal(lambda: wandb.init(id="resumed", resume="never"))


def test_runs_are_filtered_ordered_and_paged(project, api):
    for index in range(5):
        with wandb.init(id=f"r{index}", config={"index": index, "even": index % 2 == 0},
                        group="first" if index < 2 else "second", tags=[f"t{index}"]) as run:
            run.log({"loss": 10 - index})
    names = lambda **asked: [run.id for run in api.runs(project, **asked)]  # noqa: E731
    assert names(order="+created_at", per_page=2) == ["r0", "r1", "r2", "r3", "r4"]
    assert names(order="-created_at", per_page=2) == ["r4", "r3", "r2", "r1", "r0"]
    assert names(order="+summary_metrics.loss") == ["r4", "r3", "r2", "r1", "r0"]
    assert names(order="-config.index.value") == ["r4", "r3", "r2", "r1", "r0"]
    assert set(names(filters={"config.even": True})) == {"r0", "r2", "r4"}
    assert set(names(filters={"group": "first"})) == {"r0", "r1"}
    assert set(names(filters={"tags": "t3"})) == {"r3"}
    assert set(names(filters={"tags": {"$in": ["t1", "t3"]}})) == {"r1", "r3"}
    assert set(names(filters={"$or": [{"config.index": {"$gte": 4}}, {"name": "r0"}]})) == {"r0", "r4"}
    assert set(names(filters={"summary_metrics.loss": {"$lt": 8}})) == {"r3", "r4"}
    assert set(names(filters={"$and": [{"state": "finished"}, {"display_name": {"$regex": ".*"}}]})) == {
        "r0", "r1", "r2", "r3", "r4"}
    assert names(filters={"state": "failed"}) == []
    assert len(api.runs(project, filters={"group": "second"})) == 3
    assert [found.name for found in api.projects("alice") if found.name == project] == [project]


def test_update_of_a_run(project, api):
    with wandb.init(config={"a": 1}) as run:
        path = run.path
    found = api.run(path)
    found.config["b"] = 2
    found.tags = ["new"]
    found.name = "renamed"
    found.notes = "noted"
    found.group = "grouped"
    found.update()
    found.summary["late"] = 7
    found.summary.update()
    again = wandb.Api().run(path)
    assert (again.config, again.tags, again.name) == ({"a": 1, "b": 2}, ["new"], "renamed")
    assert (again.notes, again.group, again.summary["late"]) == ("noted", "grouped", 7)


def test_a_run_of_the_public_api(project, api):
    created = api.create_run(project=project, run_id="by-hand")
    assert created.id == "by-hand"
    assert api.run(f"{project}/by-hand").state in ("pending", "running")


@pytest.mark.every_client
def test_delete_of_a_run(project, api):
    with wandb.init() as run:
        run.log_artifact(draft("kept", {"a.txt": "a"}))
        path = run.path
    found = api.run(path)
    found.delete()
    refusal(lambda: wandb.Api().run(path))
    found.delete()  # what is gone already is no error
    assert api.artifact_exists("kept:v0")


def test_delete_of_a_run_with_its_artifacts(project, api):
    with wandb.init() as run:
        run.log_artifact(draft("gone", {"a.txt": "a"}))
        path = run.path
    api.run(path).delete(delete_artifacts=True)
    assert not api.artifact_exists("gone:v0")


def test_files_are_added_and_deleted(project, api):
    with wandb.init() as run:
        path = run.path
    found = api.run(path)
    write({"sub/a.txt": "content"}, root=".")
    uploaded = found.upload_file("sub/a.txt")
    assert (uploaded.name, uploaded.size) == ("sub/a.txt", 7)
    with found.file("sub/a.txt").download(root="copy") as file:
        assert file.read() == "content"
    assert [file.name for file in found.files(pattern="%.txt") if file.name.startswith("sub")] == ["sub/a.txt"]
    write({"sub/a.txt": "other content"}, root=".")
    assert found.upload_file("sub/a.txt").size == 13
    before = len(found.files())
    found.file("sub/a.txt").delete()
    left = [file.name for file in wandb.Api().run(path).files(per_page=1)]
    assert "sub/a.txt" not in left
    assert len(left) == before - 1


def test_console_output_is_kept(project, api):
    with wandb.init(settings=wandb.Settings(console="wrap")) as run:
        print("first line")
        print("second line")
        path = run.path
    lines = Path(api.run(path).file("output.log").download(root="log").name).read_text()
    assert "first line" in lines
    assert "second line" in lines


@pytest.mark.every_client
def test_a_run_that_failed(project, api):
    run = wandb.init()
    path = run.path
    assert api.run(path).state == "running"
    run.finish(exit_code=1)
    assert wandb.Api().run(path).state == "failed"


def test_alert(project):
    with wandb.init() as run:
        run.alert(title="Low accuracy", text="below the threshold", level=wandb.AlertLevel.WARN, wait_duration=1)


def test_code_is_logged(project, api):
    write({"main.py": "print(1)\n", "lib/more.py": "x = 1\n", "data.bin": "no code"}, root="src")
    with wandb.init() as run:
        run.log_code("src")
        path = run.path
    code = [artifact for artifact in api.run(path).logged_artifacts() if artifact.type == "code"]
    assert len(code) == 1
    assert set(code[0].manifest.entries) == {"main.py", "lib/more.py"}


def test_stop_is_heard(project, api):
    """The client asks every 15 seconds, with what it sends of its own: it may take two rounds.

    By default it interrupts the main thread then, which is pytest's.
    """
    heard = threading.Event()
    settings = wandb.Settings(x_file_stream_transmit_interval=0.5, stop_fn=heard.set)
    with wandb.init(settings=settings) as run:
        api.run(run.path).stop()
        for step in range(120):
            run.log({"n": step})
            if heard.wait(0.5):
                break
    assert heard.is_set()

"""The runs that log and use versions."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import wandb
from flows import content, draft, logged, refusal
from serving import BOB

USE = """
import sys, wandb
with wandb.init(entity=sys.argv[1], project=sys.argv[2]) as run:
    print(run.use_artifact(sys.argv[3]).download("used"))
"""


@pytest.mark.every_client
def test_lineage_both_ways(project, api):
    with wandb.init(job_type="producer") as run:
        run.log_artifact(draft("data", {"a.txt": "a"}))
        run.log_artifact(draft("other", {"a.txt": "b"}))
        producer = run.id
    with wandb.init(job_type="consumer") as run:
        used = run.use_artifact("data:latest")
        assert content(used.download()) == {"a.txt": b"a"}
        run.log_artifact(draft("result", {"a.txt": "c"}, type="model"))
        consumer = run.id
    version = api.artifact("data:v0")
    assert version.logged_by().id == producer
    assert [run.id for run in version.used_by()] == [consumer]
    assert api.artifact("other:v0").used_by() == []
    first, second = api.run(f"{project}/{producer}"), api.run(f"{project}/{consumer}")
    assert {artifact.name for artifact in first.logged_artifacts()} == {"data:v0", "other:v0"}
    assert len(first.used_artifacts()) == 0
    assert [artifact.name for artifact in second.used_artifacts()] == ["data:v0"]
    assert [artifact.name for artifact in second.logged_artifacts()] == ["result:v0"]


@pytest.mark.every_client
def test_use_of_another_project(project, api):
    logged("data", {"a.txt": "a"})
    with wandb.init(project=f"{project}-2") as run:
        run.use_artifact(f"alice/{project}/data:v0")
        consumer = run.id
    assert [run.id for run in api.artifact("data:v0").used_by()] == [consumer]
    used = api.run(f"alice/{project}-2/{consumer}").used_artifacts()
    assert [artifact.qualified_name for artifact in used] == [f"alice/{project}/data:v0"]


def test_use_of_another_entity_as_another_user(server, project, api):
    """An entity without a user of its name is shared; a personal entity belongs to its user."""
    with wandb.init(entity="lab", project=project) as run:
        run.log_artifact(draft("shared", {"a.txt": "a"}))
    logged("private", {"a.txt": "a"})

    def as_bob(name: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"WANDB_API_KEY": BOB.key, "WANDB_SILENT": "false"}
        command = [sys.executable, "-c", USE, "bob", project, name]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    done = as_bob(f"lab/{project}/shared:latest")
    assert done.returncode == 0, done.stderr
    assert content("used") == {"a.txt": b"a"}
    assert as_bob(f"alice/{project}/private:latest").returncode != 0
    assert [run.entity for run in wandb.Api(api_key=BOB.key).artifact(f"lab/{project}/shared:v0").used_by()] == ["bob"]


def test_use_of_a_draft_logs_it(project, api):
    with wandb.init() as run:
        run.use_artifact(draft("made-here", {"a.txt": "a"}), use_as="input").wait()
        consumer = run.id
    version = api.artifact("made-here:v0")
    assert [run.id for run in version.used_by()] == [consumer]


def test_runs_of_the_public_api_log_and_use(project, api):
    version = logged("data", {"a.txt": "a"})
    with wandb.init() as run:
        other = run.id
    run = api.run(f"{project}/{other}")
    run.use_artifact(api.artifact("data:v0"))
    run.log_artifact(api.artifact("data:v0"), aliases=["again"])
    assert [artifact.name for artifact in run.used_artifacts()] == ["data:v0"]
    assert [artifact.name for artifact in run.logged_artifacts()] == ["data:v0"]
    assert "again" in api.artifact("data:v0").aliases
    assert version.logged_by().id != other


@pytest.mark.every_client
def test_what_is_not_there(project, api):
    logged("data", {"a.txt": "a"})
    for name in ("data:v7", "data:nope", "none:latest", "no-project/data:v0"):
        assert "CommError" in refusal(lambda name=name: api.artifact(name)) or "ValueError" in refusal(
            lambda name=name: api.artifact(name))
        assert not api.artifact_exists(name)
    assert api.artifact_exists("data:v0")
    with wandb.init() as run:
        refusal(lambda: run.use_artifact("none:latest"))

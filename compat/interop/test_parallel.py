"""One version from several writers, from increments, and from an earlier version."""

from __future__ import annotations

import subprocess
import sys

import pytest
import wandb
from flows import content, draft, logged

WRITER = """
import sys, wandb
index, group = int(sys.argv[1]), sys.argv[2]
with wandb.init(group=group) as run:
    artifact = wandb.Artifact(name="parallel-artifact", type="dataset")
    table = wandb.Table(columns=["a", "b", "c"], data=[[index, index * 2, 2**index]])
    artifact.add(table, f"parts/table_{index}")
    run.upsert_artifact(artifact)
"""


def upserts(group: str, count: int) -> None:
    """Writers in processes of their own, all at once."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(i), group], stderr=subprocess.PIPE, text=True)
               for i in range(count)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors


def finish(group: str) -> wandb.Artifact:
    with wandb.init(group=group) as run:
        artifact = wandb.Artifact("parallel-artifact", type="dataset")
        artifact.add(wandb.data_types.PartitionedTable("parts"), "distributed_table")
        run.finish_artifact(artifact)
        artifact.wait()
    return artifact


@pytest.mark.every_client
def test_parallel_runs_make_one_version(project, api):
    upserts("writers-1", 3)
    assert finish("writers-1").version == "v0"
    version = api.artifact("parallel-artifact:latest")
    parts = {f"parts/table_{i}.table.json" for i in range(3)}
    assert set(version.manifest.entries) == {"distributed_table.partitioned-table.json", *parts}
    rows = sorted(row for _, row in version.get("distributed_table").iterrows())
    assert rows == [[0, 0, 1], [1, 2, 2], [2, 4, 4]]
    assert version.get("parts/table_1").data == [[1, 2, 2]]
    assert version.verify(version.download()) is None


def test_a_finished_group_starts_the_next_version(project, api):
    for size in (1, 2):
        upserts("again", size)
        finish("again")
    assert api.artifact("parallel-artifact:v0").file_count == 2
    assert api.artifact("parallel-artifact:v1").file_count == 3


def test_the_writers_of_a_distributed_id(project, api):
    for index in range(3):
        with wandb.init() as run:
            part = draft("shared", {f"{index}.txt": str(index)}, metadata={"index": index})
            run.upsert_artifact(part, distributed_id="mine")
    with wandb.init() as run:
        last = run.finish_artifact(draft("shared", {"last.txt": "end"}), distributed_id="mine", aliases=["done"])
        last.wait()
    version = api.artifact("shared:done")
    assert content(version.download()) == {"0.txt": b"0", "1.txt": b"1", "2.txt": b"2", "last.txt": b"end"}
    assert set(version.aliases) == {"done", "latest"}


def test_increments_come_on_top_of_the_latest_version(project, api):
    logged("growing", {"a.txt": "a", "b.txt": "b"})
    logged("growing", {"b.txt": "B", "c.txt": "c"}, incremental=True)
    version = api.artifact("growing:latest")
    assert version.version == "v1"
    assert content(version.download()) == {"a.txt": b"a", "b.txt": b"B", "c.txt": b"c"}


def test_an_increment_with_the_content_of_an_earlier_version_is_still_an_increment(project, api):
    logged("back", {"a.txt": "a"})
    logged("back", {"a.txt": "changed", "b.txt": "b"})
    increment = logged("back", {"a.txt": "a"}, incremental=True)
    assert increment.version == "v2"
    assert content(api.artifact("back:latest").download()) == {"a.txt": b"a", "b.txt": b"b"}


def test_an_increment_that_changes_nothing_is_the_latest_version(project, api):
    logged("still", {"a.txt": "a", "b.txt": "b"})
    assert logged("still", {"a.txt": "a"}, incremental=True).version == "v0"


@pytest.mark.every_client
def test_a_draft_of_a_version_keeps_what_it_does_not_change(project, api):
    logged("base", {"kept.txt": "kept", "changed.txt": "old", "removed.txt": "gone"})
    new = api.artifact("base:latest").new_draft()
    new.remove("changed.txt")
    new.remove("removed.txt")
    with new.new_file("changed.txt") as file:
        file.write("new")
    with wandb.init() as run:
        run.log_artifact(new)
    assert content(api.artifact("base:v1").download()) == {"kept.txt": b"kept", "changed.txt": b"new"}
    assert content(api.artifact("base:v0").download())["removed.txt"] == b"gone"


def test_drafts_of_an_earlier_version(project, api):
    logged("base", {"a.txt": "a"})
    logged("base", {"b.txt": "b"})
    new = api.artifact("base:v0").new_draft()
    with new.new_file("c.txt") as file:
        file.write("c")
    with wandb.init() as run:
        run.log_artifact(new)
    assert set(content(api.artifact("base:v2").download())) == {"a.txt", "c.txt"}

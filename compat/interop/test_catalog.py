"""Changes and listings by our command, as the official client sees them, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest
import wandb
from flows import content, draft, logged, write


@pytest.mark.every_client
def test_files_of_a_run_of_the_official_client_are_found_by_ours(server, project, api):
    write({"media/a b.txt": "one", "notes.txt": "two"}, "files")
    with wandb.init(id="theirs") as run:
        for path in ("media/a b.txt", "notes.txt"):
            run.save(f"files/{path}", base_path="files")
        run.log({"n": 1})
    said = server.asked("run", "files", f"alice/{project}/theirs", "--urls", "--download", "got")
    ours = {file["name"]: file for file in said["files"]}
    theirs = {file.name: file for file in api.run(f"alice/{project}/theirs").files()}
    assert set(ours) == set(theirs) >= {"media/a b.txt", "notes.txt"}
    for name, file in theirs.items():
        assert (ours[name]["size"], ours[name]["md5"], ours[name]["mimetype"]) == (file.size, file.md5, file.mimetype)
        assert ours[name]["url"] == file.url
        assert ours[name]["directUrl"].split("?")[0] == file.direct_url.split("?")[0]
        with file.download("theirs") as downloaded:
            assert Path("got", name).read_text() == downloaded.read()
    runs = server.asked("run", "ls", f"alice/{project}")["runs"]
    assert [(run["address"], run["state"]) for run in runs] == [(f"alice/{project}/theirs", "finished")]


@pytest.mark.every_client
def test_lineage_of_the_official_client_is_drawn_by_ours(server, project, api):
    logged("raw", {"a.txt": "a"})
    with wandb.init(id="train", job_type="train") as run:
        run.use_artifact("raw:v0")
        run.log_artifact(draft("model", {"b.txt": "b"}, type="model")).wait()
    said = server.asked("lineage", f"alice/{project}/model", "--up")
    edges = {(edge["from"], edge["to"]) for edge in said["edges"]}
    train = f"alice/{project}/train"
    assert {(f"alice/{project}/raw:v0", train), (train, f"alice/{project}/model:v0")} < edges
    told = server.asked("why", f"alice/{project}/model")
    assert told["steps"][0]["inputs"] == [f"alice/{project}/raw:v0"]


@pytest.mark.every_client
def test_links_and_labels_of_ours_are_seen_by_the_official_client(server, project, api):
    logged("a", {"a.txt": "a"})
    server.asked("artifact", "link", f"alice/{project}/a:v0", f"alice/{project}/folio", "--alias", "prod")
    found = api.artifact("folio:prod")
    assert (found.version, found.source_name) == ("v0", "a:v0")
    assert content(found.download()) == {"a.txt": b"a"}
    server.asked("artifact", "update", f"alice/{project}/a:v0", "--add-alias", "best", "--add-tag", "gold",
                   "--ttl", "30d", "--description", "described", "--metadata", '{"n": 1}')
    version = api.artifact("a:best")
    assert (version.description, version.metadata, list(version.tags)) == ("described", {"n": 1}, ["gold"])
    assert version.ttl.days == 30
    server.asked("artifact", "rm", f"alice/{project}/folio:v0")
    assert not api.artifact_exists("folio:v0")
    assert api.artifact_exists("a:v0")
    server.asked("artifact", "collection", "update", f"alice/{project}/a", "--name", "renamed",
                   "--description", "about", "--add-tag", "silver")
    collection = api.artifact_collection("dataset", f"{project}/renamed")
    assert (collection.description, list(collection.tags)) == ("about", ["silver"])
    server.asked("artifact", "rm", f"alice/{project}/renamed:v0", "--delete-aliases")
    assert not api.artifact_exists("renamed:v0")


def test_links_of_the_official_client_are_seen_by_ours(server, project, api):
    logged("a", {"a.txt": "a"}).link(f"{project}/folio", aliases=["prod"])
    listed = server.asked("artifact", "collection", "ls", f"alice/{project}")["collections"]
    kinds = {row["address"].rsplit("/", 1)[1]: row["kind"] for row in listed}
    assert kinds == {"a": "sequence", "folio": "portfolio"}
    info = server.asked("artifact", "info", f"alice/{project}/folio:prod")
    assert info["address"] == f"alice/{project}/folio:v0"
    server.asked("artifact", "unlink", f"alice/{project}/folio:prod")
    assert not api.artifact_exists("folio:v0")

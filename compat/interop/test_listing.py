"""Finding artifacts: filters, orders, pages and counts."""

from __future__ import annotations

import pytest
import wandb
from flows import draft, logged


def logged_at_once(count: int, name: str = "many", **settings) -> None:
    with wandb.init() as run:
        for index in range(count):
            run.log_artifact(draft(name, {"a.txt": str(index)}, metadata={"index": index}, **settings),
                             tags=["even"] if index % 2 == 0 else None).wait()


@pytest.mark.every_client
def test_versions_in_small_pages(project, api):
    logged_at_once(7)
    versions = api.artifacts("dataset", "many", per_page=2)
    assert len(versions) == 7
    assert [version.version for version in versions] == [f"v{index}" for index in range(6, -1, -1)]


def test_versions_are_filtered_and_ordered(project, api):
    logged_at_once(5)
    names = lambda **asked: [version.version for version in api.artifacts("dataset", "many", **asked)]  # noqa: E731
    assert names(order="+created_at") == ["v0", "v1", "v2", "v3", "v4"]
    assert names(order="-created_at", per_page=2) == ["v4", "v3", "v2", "v1", "v0"]
    assert names(tags=["even"], order="+created_at") == ["v0", "v2", "v4"]
    assert names(tags="even", order="-created_at") == ["v4", "v2", "v0"]
    assert names(order="-version_index") == ["v4", "v3", "v2", "v1", "v0"]


@pytest.mark.every_client
def test_files_of_a_version_in_small_pages(project, api):
    names = {f"sub/{index}.txt" for index in range(7)}
    logged("files", {name: name for name in names})
    files = api.artifact("files:v0").files(per_page=2)
    assert len(files) == 7
    assert {file.name for file in files} == names
    assert [file.size for file in api.artifact("files:v0").files(names=["sub/3.txt"])] == [len("sub/3.txt")]


@pytest.mark.every_client
def test_collections_and_types(project, api):
    for name, kind in (("one", "dataset"), ("two", "dataset"), ("three", "model")):
        logged(name, {"a.txt": name}, type=kind)
    assert {kind.name for kind in api.artifact_types(project)} == {"dataset", "model"}
    assert api.artifact_type("dataset", project).name == "dataset"
    collections = api.artifact_collections(project, "dataset", per_page=1)
    assert len(collections) == 2
    assert {collection.name for collection in collections} == {"one", "two"}
    assert api.artifact_type("model", project).collection("three").name == "three"
    assert len(api.artifact_type("model", project).collection("three").artifacts()) == 1


def test_collections_are_filtered_and_ordered(project, api):
    for name in ("b-one", "a-two", "a-three"):
        logged(name, {"a.txt": name})
    kind = api.artifact_type("dataset", project)
    ask = lambda **asked: [found.name for found in kind.collections(**asked)]  # noqa: E731
    assert ask(order="+name") == ["a-three", "a-two", "b-one"]
    assert ask(order="-name") == ["b-one", "a-two", "a-three"]
    assert ask(filters={"name": {"$contains": "a-"}}, order="+name") == ["a-three", "a-two"]
    assert ask(filters={"name": "b-one"}) == ["b-one"]
    assert ask(order="-name", per_page=1) == ["b-one", "a-two", "a-three"]
    assert [found.name for found in api.artifact_collections(project, "dataset", order="+name")][0] == "a-three"


def test_artifacts_of_runs_in_small_pages(project, api):
    with wandb.init() as run:
        for index in range(5):
            run.log_artifact(draft(f"a{index}", {"a.txt": str(index)}))
        path = run.path
    outputs = api.run(path).logged_artifacts(per_page=2)
    assert len(outputs) == 5
    assert {artifact.name for artifact in outputs} == {f"a{index}:v0" for index in range(5)}


def test_what_exists(project, api):
    logged("there", {"a.txt": "a"})
    assert api.artifact_exists("there:v0")
    assert api.artifact_exists("there", type="dataset")
    assert not api.artifact_exists("there:v1")
    assert not api.artifact_exists("there:v0", type="model")
    assert api.artifact_collection_exists("there", "dataset")
    assert not api.artifact_collection_exists("nowhere", "dataset")
    assert api.artifact("there:v0", type="dataset").name == "there:v0"

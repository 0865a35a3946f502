"""Changing versions and collections after they were logged."""

from __future__ import annotations

from datetime import timedelta

import pytest
import wandb
from flows import draft, logged, refusal


@pytest.mark.every_client
def test_aliases(project, api):
    logged("a", {"a.txt": "a"}, aliases=["first", "best"])
    logged("a", {"a.txt": "b"})
    version = api.artifact("a:best")
    version.aliases.append("added")
    version.aliases.remove("first")
    version.save()
    assert set(api.artifact("a:v0").aliases) == {"best", "added"}
    newer = api.artifact("a:v1")
    newer.aliases.append("best")
    newer.save()
    assert api.artifact("a:best").version == "v1"
    assert set(api.artifact("a:v0").aliases) == {"added"}
    assert set(api.artifact("a:v1").aliases) == {"best", "latest"}
    assert not api.artifact_exists("a:first")


@pytest.mark.every_client
def test_tags(project, api):
    logged("a", {"a.txt": "a"}, tags=["one", "two words"])
    version = api.artifact("a:v0")
    assert set(version.tags) == {"one", "two words"}
    version.tags = [*version.tags, "three"]
    version.tags.remove("one")
    version.save()
    assert set(api.artifact("a:v0").tags) == {"two words", "three"}
    assert [a.name for a in api.artifacts("dataset", "a", tags=["three"])] == ["a:v0"]
    assert list(api.artifacts("dataset", "a", tags=["one"])) == []


@pytest.mark.every_client
def test_description_and_metadata(project, api):
    logged("a", {"a.txt": "a"}, description="before", metadata={"n": 1, "deep": {"list": [1, "zwei", None]}})
    version = api.artifact("a:v0")
    assert (version.description, version.metadata) == ("before", {"n": 1, "deep": {"list": [1, "zwei", None]}})
    version.description = "after"
    version.metadata["n"] = 2.5
    del version.metadata["deep"]
    version.save()
    again = api.artifact("a:v0")
    assert (again.description, again.metadata) == ("after", {"n": 2.5})
    assert again.updated_at >= again.created_at


def test_ttl(project, api):
    from wandb import ArtifactTTL

    timed = draft("timed", {"a.txt": "a"})
    timed.ttl = timedelta(days=30)
    with wandb.init() as run:
        run.log_artifact(timed)
    version = api.artifact("timed:v0")
    assert version.ttl == timedelta(days=30)
    version.ttl = timedelta(hours=1)
    version.save()
    assert api.artifact("timed:v0").ttl == timedelta(hours=1)
    version.ttl = None
    version.save()
    assert api.artifact("timed:v0").ttl is None
    version.ttl = ArtifactTTL.INHERIT
    version.save()
    assert api.artifact("timed:v0").ttl is None


@pytest.mark.every_client
def test_delete(project, api):
    for text in "abc":
        logged("a", {"a.txt": text}, aliases=["mine"] if text == "b" else None)
    api.artifact("a:v0").delete()
    assert not api.artifact_exists("a:v0")
    assert "alias" in refusal(lambda: api.artifact("a:v1").delete())
    assert api.artifact_exists("a:v1")
    api.artifact("a:v1").delete(delete_aliases=True)
    api.artifact("a:v2").delete(delete_aliases=True)
    assert list(api.artifacts("dataset", "a")) == []
    assert logged("a", {"a.txt": "d"}).version == "v3"


def test_a_deleted_version_can_be_logged_again(project, api):
    logged("a", {"a.txt": "a"})
    api.artifact("a:v0").delete(delete_aliases=True)
    assert logged("a", {"a.txt": "a"}).version == "v1"
    assert api.artifact("a:latest").version == "v1"


def test_collections(project, api):
    logged("old", {"a.txt": "a"})
    collection = api.artifact_collection("dataset", "old")
    assert (collection.name, collection.type, collection.is_sequence()) == ("old", "dataset", True)
    assert collection.aliases == ["latest"]
    collection.name = "new"
    collection.description = "about it"
    collection.tags = ["one", "two"]
    collection.save()
    again = api.artifact_collection("dataset", "new")
    assert (again.description, set(again.tags)) == ("about it", {"one", "two"})
    again.tags = ["two", "three"]
    again.save()
    assert set(api.artifact_collection("dataset", "new").tags) == {"two", "three"}
    assert api.artifact("new:v0").collection.name == "new"
    assert not api.artifact_exists("old:v0")
    assert not api.artifact_collection_exists("old", "dataset")
    api.artifact_collection("dataset", "new").delete()
    assert not api.artifact_collection_exists("new", "dataset")
    assert not api.artifact_exists("new:v0")


def test_a_name_in_use_is_not_taken(project, api):
    logged("one", {"a.txt": "a"})
    logged("two", {"a.txt": "a"})
    collection = api.artifact_collection("dataset", "one")
    collection.name = "two"
    refusal(collection.save)
    assert api.artifact_exists("one:v0")


def test_collection_type(project, api):
    logged("a", {"a.txt": "a"}, type="dataset")
    api.artifact_collection("dataset", "a").change_type("model")
    assert api.artifact("a:v0").type == "model"
    assert {kind.name for kind in api.artifact_types(project)} >= {"model"}
    assert logged("a", {"a.txt": "b"}, type="model").version == "v1"

"""Portfolios: versions of other collections, under names and numbers of their own."""

from __future__ import annotations

import pytest
import wandb
from flows import content, draft, logged, refusal


@pytest.mark.every_client
def test_link_numbers_and_labels_on_its_own(project, api):
    logged("a", {"a.txt": "a0"})
    logged("a", {"a.txt": "a1"})
    with wandb.init() as run:
        run.link_artifact(api.artifact("a:v1"), f"{project}/folio", aliases=["prod"])
        run.link_artifact(api.artifact("a:v0"), f"{project}/folio", aliases=["staging"])
        run.link_artifact(api.artifact("a:v1"), f"{project}/folio")
    first, second = api.artifact("folio:v0"), api.artifact("folio:v1")
    assert (first.source_name, second.source_name) == ("a:v1", "a:v0")
    assert content(first.download()) == {"a.txt": b"a1"}
    assert "prod" in first.aliases
    assert "staging" in second.aliases
    assert api.artifact("folio:latest").source_name == "a:v1"
    assert set(api.artifact("a:v1").aliases) == {"latest"}
    refusal(lambda: api.artifact("folio:v2"))


def test_link_of_a_version(project, api):
    version = logged("a", {"a.txt": "a"})
    linked = version.link(f"{project}/folio", aliases=["prod"])
    assert (linked.name, linked.source_name, linked.is_link) == ("folio:v0", "a:v0", True)
    assert [link.name for link in api.artifact("a:v0").linked_artifacts] == ["folio:v0"]
    assert linked.source_artifact.name == "a:v0"
    assert {found.name for found in api.artifact_type("dataset", project).collections()} == {"a", "folio"}


def test_link_of_a_draft_within_a_run(project, api):
    with wandb.init() as run:
        run.link_artifact(draft("run-model", {"a.txt": "a"}, type="model"), f"{project}/folio")
    assert api.artifact("folio:v0").source_name == "run-model:v0"


def test_link_model(project, api):
    with open("weights.bin", "wb") as file:
        file.write(b"weights")
    with wandb.init() as run:
        run.link_model("weights.bin", "registered", name="my-model", aliases=["prod"])
    linked = api.artifact("alice/model-registry/registered:prod")
    assert (linked.source_name, linked.type) == ("my-model:v0", "model")
    with wandb.init() as run:
        path = run.use_model("my-model:v0")
    assert open(path, "rb").read() == b"weights"


def test_a_portfolio_has_one_type(project, api):
    logged("a", {"a.txt": "a"}, type="dataset").link(f"{project}/folio")
    model = logged("b", {"a.txt": "b"}, type="model")
    refusal(lambda: model.link(f"{project}/folio"))


@pytest.mark.every_client
def test_unlink(project, api):
    logged("a", {"a.txt": "a"}).link(f"{project}/folio")
    api.artifact("folio:v0").unlink()
    assert not api.artifact_exists("folio:v0")
    assert api.artifact_exists("a:v0")
    logged("a", {"a.txt": "b"}).link(f"{project}/folio")
    assert api.artifact("folio:latest").source_name == "a:v1"
    assert "ValueError" in refusal(lambda: api.artifact("a:v0").unlink())


def test_changes_through_a_link_are_the_version_s(project, api):
    logged("a", {"a.txt": "a"}).link(f"{project}/folio")
    linked = api.artifact("folio:v0")
    linked.aliases.append("prod")
    linked.description = "through the link"
    linked.save()
    assert "prod" in api.artifact("folio:v0").aliases
    assert "prod" not in api.artifact("a:v0").aliases
    assert api.artifact("a:v0").description == "through the link"


def test_deleting_what_is_linked(project, api):
    """Deleting a linked version removes only the link; deleting its source removes all links."""
    version = logged("a", {"a.txt": "a"})
    version.link(f"{project}/folio")
    api.artifact("folio:v0").delete(delete_aliases=True)
    assert not api.artifact_exists("folio:v0")
    assert api.artifact_exists("a:v0")
    version.link(f"{project}/folio", aliases=["prod"])
    api.artifact("a:v0").delete(delete_aliases=True)
    assert not api.artifact_exists("a:v0")
    assert not api.artifact_exists("folio:latest")
    assert not api.artifact_exists("folio:prod")


def test_a_portfolio_is_renamed_and_deleted_without_its_versions(project, api):
    logged("a", {"a.txt": "a"}).link(f"{project}/folio")
    folio = api.artifact_collection("dataset", "folio")
    assert not folio.is_sequence()
    folio.name = "renamed"
    folio.tags = ["tag"]
    folio.save()
    assert api.artifact("renamed:v0").source_name == "a:v0"
    api.artifact_collection("dataset", "renamed").delete()
    assert not api.artifact_exists("renamed:v0")
    assert api.artifact_exists("a:v0")


def test_link_to_another_project(project, api):
    logged("a", {"a.txt": "a"}).link(f"alice/{project}-models/folio")
    linked = api.artifact(f"alice/{project}-models/folio:v0")
    assert linked.source_qualified_name == f"alice/{project}/a:v0"
    assert content(linked.download()) == {"a.txt": b"a"}


def test_link_to_a_registry_of_ones_own(project, api):
    """On this server each entity is an organization, so registries are an entity's own."""
    with wandb.init() as run:
        run.link_artifact(draft("run-model", {"a.txt": "a"}, type="model"), "wandb-registry-model/best")
    linked = api.artifact("wandb-registry-model/best:latest")
    assert (linked.entity, linked.project, linked.source_name) == ("alice", "wandb-registry-model", "run-model:v0")
    again = api.artifact("run-model:v0").link("alice/wandb-registry-model/best", aliases=["prod"])
    assert again.name == "best:v0"
    assert "'alice'" in refusal(lambda: api.artifact("run-model:v0").link("nobody/wandb-registry-model/best"))

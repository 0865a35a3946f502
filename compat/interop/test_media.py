"""Tables, pictures and plots, which travel as artifacts and files of a run."""

from __future__ import annotations

from base64 import b64decode

import numpy
import pytest
import wandb
from flows import content


@pytest.mark.every_client
def test_a_table_of_a_run(project, api):
    with wandb.init() as run:
        run.log({"t": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
        path, name = run.path, f"run-{run.id}-t"
    found = api.run(path)
    assert found.summary["t"]["_type"] == "table-file"
    assert found.summary["t"]["nrows"] == 2
    table = api.artifact(f"{name}:v0")
    assert table.type == "run_table"
    assert table.get("t").data == [[1, "x"], [2, "y"]]
    assert [artifact.name for artifact in found.logged_artifacts()] == [f"{name}:v0"]
    with found.file(found.summary["t"]["path"]).download(root="copy") as file:
        assert '"x"' in file.read()


def test_a_table_with_pictures(project, api):
    pictures = [wandb.Image(numpy.full((4, 4, 3), shade, dtype=numpy.uint8), caption=str(shade)) for shade in (0, 99)]
    with wandb.init() as run:
        artifact = wandb.Artifact("pictures", type="dataset")
        artifact.add(wandb.Table(columns=["picture", "n"], data=[[pictures[0], 0], [pictures[1], 1]]), "table")
        run.log_artifact(artifact)
    table = api.artifact("pictures:v0").get("table")
    assert [numpy.asarray(row[0].image).max() for row in table.data] == [0, 99]


def test_media_of_a_run(project, api):
    with wandb.init() as run:
        run.log({"picture": wandb.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8))})
        run.log({"plot": wandb.plot.line(wandb.Table(columns=["x", "y"], data=[[1, 2], [3, 4]]), "x", "y")})
        run.log({"histogram": wandb.Histogram([1, 2, 3]), "page": wandb.Html("<b>hello</b>")})
        path = run.path
    found = api.run(path)
    names = {file.name for file in found.files()}
    assert any(name.startswith("media/images/picture_0_") for name in names)
    assert any(name.startswith("media/html/page_2_") for name in names)
    assert found.summary["picture"]["_type"] == "image-file"
    assert found.summary["histogram"]["_type"] == "histogram"
    with found.file(found.summary["picture"]["path"]).download(root="copy") as file:
        assert file.name.endswith(".png")


def test_media_of_another_artifact(project, api):
    """The client refers to the other artifact by its client ID only, which the server must resolve."""
    picture = wandb.Image(numpy.full((4, 4, 3), 7, dtype=numpy.uint8))
    table = wandb.Table(columns=["n"], data=[[7]])
    with wandb.init() as run:
        first = wandb.Artifact("media", type="dataset")
        first.add(picture, "picture")
        first.add(table, "table")
        run.log_artifact(first)
        second = wandb.Artifact("referring", type="dataset")
        second.add(picture, "same")
        second.add(table, "rows")
        run.log_artifact(second)
        run.log({"table": table})
        path = run.path
    version = api.artifact("referring:v0")
    source = api.artifact("media:v0")
    refs = {path: entry.ref for path, entry in version.manifest.entries.items() if entry.ref}
    hexadecimal = b64decode(source.id).hex()
    assert refs == {
        "same.image-file.json": f"wandb-artifact://{hexadecimal}/picture.image-file.json",
        "rows.table.json": f"wandb-artifact://{hexadecimal}/table.table.json",
    }
    assert numpy.asarray(version.get("same").image).max() == 7
    assert version.get("rows").data == [[7]]
    assert [artifact.name for artifact in api.run(path).logged_artifacts() if artifact.type == "dataset"] == [
        "media:v0", "referring:v0"]
    assert api.run(path).summary["table"]["artifact_path"].endswith("table.table.json")


def test_a_reference_to_an_entry_of_a_logged_version(project, api):
    with wandb.init() as run:
        first = wandb.Artifact("source", type="dataset")
        with first.new_file("a.txt") as file:
            file.write("from the source")
        run.log_artifact(first).wait()
        second = wandb.Artifact("referring", type="dataset")
        second.add_reference(first.get_entry("a.txt"), name="b.txt")
        run.log_artifact(second)
    assert content(api.artifact("referring:v0").download()) == {"b.txt": b"from the source"}


def test_joined_tables(project, api):
    left = wandb.Table(columns=["id", "l"], data=[[1, "a"], [2, "b"]])
    right = wandb.Table(columns=["id", "r"], data=[[1, "x"], [2, "y"]])
    with wandb.init() as run:
        artifact = wandb.Artifact("joined", type="dataset")
        artifact.add(wandb.JoinedTable(left, right, "id"), "joined")
        run.log_artifact(artifact)
        run.log({"joined": wandb.Table(columns=["id"], data=[[1]])})
    joined = api.artifact("joined:v0").get("joined")
    assert joined._table1.data == [[1, "a"], [2, "b"]]

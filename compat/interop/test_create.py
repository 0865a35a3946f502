"""Creating and logging artifacts: files, folders, references, several versions."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import pytest
import wandb
from flows import content, draft, logged, refusal, write
from loopback import static_files

pytestmark = pytest.mark.every_client


def test_create_and_log(project, api):
    write({"file.txt": "a file", "directory/a.txt": "a", "directory/sub/b.txt": "b"})
    artifact = wandb.Artifact(name="name", type="type")
    artifact.add_file(local_path="files/file.txt", name="renamed.txt")
    artifact.add_dir(local_path="files/directory", name="prefix")
    with wandb.init(project=project, job_type="job-type") as run:
        run.log_artifact(artifact)
    again = api.artifact(f"alice/{project}/name:latest")
    assert (again.source_name, again.type, again.version, again.state) == ("name:v0", "type", "v0", "COMMITTED")
    assert content(again.download()) == {"renamed.txt": b"a file", "prefix/a.txt": b"a", "prefix/sub/b.txt": b"b"}
    assert again.digest == artifact.digest
    assert (again.file_count, again.size) == (3, 8)


def test_a_file_is_stored_by_its_name_or_another(project, api):
    write({"hello.txt": "hello", "checkpoints/model.h5": "checkpoint"}, root=".")
    artifact = wandb.Artifact("names", type="model")
    artifact.add_file("hello.txt")
    artifact.add_file(local_path="hello.txt", name="new/path/hello_world.txt")
    artifact.add_file("checkpoints/model.h5")
    artifact.add_file("checkpoints/model.h5", name="models/mymodel.h5")
    with artifact.new_file("new.txt") as file:
        file.write("made in place")
    with wandb.init() as run:
        run.log_artifact(artifact)
    names = {"hello.txt", "new/path/hello_world.txt", "model.h5", "models/mymodel.h5", "new.txt"}
    assert set(content(api.artifact("names:v0").download())) == names


def test_a_folder_with_and_without_a_prefix(project, api):
    write({"cat.png": "cat", "dog.png": "dog"}, root="images")
    bare, prefixed = wandb.Artifact("bare", type="images"), wandb.Artifact("prefixed", type="images")
    bare.add_dir("images")
    prefixed.add_dir("images", name="images")
    with wandb.init() as run:
        run.log_artifact(bare)
        run.log_artifact(prefixed)
    assert set(content(api.artifact("bare:v0").download())) == {"cat.png", "dog.png"}
    assert set(content(api.artifact("prefixed:v0").download())) == {"images/cat.png", "images/dog.png"}


def test_an_artifact_is_saved_without_a_run(project, api):
    artifact = draft("saved", {"a.txt": "a"})
    artifact.save(project=project)
    artifact.wait()
    assert artifact.version == "v0"
    assert api.artifact("saved:v0").logged_by().job_type == "auto"


def test_versions_logged_in_a_loop_get_every_number(project, api):
    with wandb.init() as run:
        for index in range(10):
            artifact = wandb.Artifact(name="race", type="dataset", metadata={"index": index})
            with artifact.new_file("index.txt") as file:
                file.write(str(index))
            run.log_artifact(artifact)
    versions = list(api.artifacts("dataset", "race"))
    assert [version.version for version in versions] == [f"v{index}" for index in range(9, -1, -1)]
    assert {version.metadata["index"] for version in versions} == set(range(10))
    assert "latest" in versions[0].aliases


def test_the_same_content_is_the_same_version(project, api):
    first = logged("same", {"a.txt": "a"})
    second = logged("same", {"a.txt": "b"})
    third = logged("same", {"a.txt": "a"})
    assert [first.version, second.version, third.version] == ["v0", "v1", "v0"]
    assert api.artifact("same:latest").version == "v0"
    assert len(api.artifacts("dataset", "same")) == 2


def test_a_name_has_one_type(project):
    logged("cats", {"a.txt": "a"}, type="dataset")
    with wandb.init() as run:
        message = refusal(lambda: run.log_artifact(draft("cats", {"b.txt": "b"}, type="model")).wait())
    assert "dataset" in message


def test_references_to_local_files(project, api):
    folder = write({"one.txt": "one", "sub/two.txt": "two"}).resolve()
    artifact = wandb.Artifact("local", type="dataset")
    artifact.add_reference(f"file://{folder}/one.txt", name="named.txt")
    artifact.add_reference(f"file://{folder}", name="all")
    with wandb.init() as run:
        run.log_artifact(artifact)
    again = api.artifact("local:v0")
    entries = again.manifest.entries
    assert set(entries) == {"named.txt", "all/one.txt", "all/sub/two.txt"}
    assert entries["named.txt"].ref == f"file://{folder}/one.txt"
    assert entries["named.txt"].digest == b64encode(hashlib.md5(b"one").digest()).decode()
    assert (again.file_count, again.size) == (3, 9)
    assert content(again.download())["all/sub/two.txt"] == b"two"
    assert {file.name for file in again.files()} == set(entries)


def test_references_over_http_and_of_unknown_schemes(project, api):
    with static_files({"/data/model.h5": b"weights"}) as url:
        artifact = wandb.Artifact("remote", type="model")
        artifact.add_reference(f"{url}/data/model.h5")
        artifact.add_reference(f"{url}/data/model.h5", name="models/mymodel.h5")
        artifact.add_reference("foo://somewhere/else", name="elsewhere")
        artifact.add_reference("s3://bucket/key", name="unchecked", checksum=False)
        with wandb.init() as run:
            run.log_artifact(artifact)
        again = api.artifact("remote:v0")
        entries = again.manifest.entries
        assert set(entries) == {"model.h5", "models/mymodel.h5", "elsewhere", "unchecked"}
        assert entries["model.h5"].ref == f"{url}/data/model.h5"
        assert entries["model.h5"].size == len(b"weights")
        assert entries["elsewhere"].digest == "foo://somewhere/else"
        assert Path(again.get_entry("model.h5").download()).read_bytes() == b"weights"


def test_names_that_the_client_refuses_never_reach_the_server(project):
    assert "ValueError" in refusal(lambda: wandb.Artifact("a/b", type="dataset"))
    assert "ValueError" in refusal(lambda: wandb.Artifact("a", type="wandb-mine"))
    assert "ValueError" in refusal(lambda: wandb.Artifact("a", type="job"))


def test_files_of_a_run(project, api):
    """The fields that the documentation uses to find the path of a logged artifact."""
    from wandb.apis.public.files import Files

    write({"note.txt": "a note"}, root=".")
    with wandb.init() as run:
        run.save("note.txt")
        run.log({"loss": 1})
        path = f"alice/{project}/{run.id}"
    client = api.client if hasattr(api, "client") else api._service_api  # what the page calls api.client
    files = {file.name: file for file in Files(client, api.run(path))}
    assert {"note.txt", "config.yaml", "wandb-summary.json"} <= set(files)
    note = files["note.txt"]
    assert note.size == 6
    assert note.md5 == b64encode(hashlib.md5(b"a note").digest()).decode()
    assert note.mimetype == "text/plain"
    assert re.fullmatch(rf"http://[^/]+/files/{path}/note.txt(\?.*)?", note.url)
    assert note.direct_url.startswith("http://")
    with note.download(root="copy") as file:
        assert file.read() == "a note"

"""The same store through the official client and through `wandb-rs`, byte for byte."""

from __future__ import annotations

import os

import pytest
import wandb
from flows import content, logged, write

FILES = {"a.txt": b"a", "sub/b.bin": os.urandom(100_000), "empty": b"", "ünï cödé.txt": b"named"}


@pytest.mark.every_client
def test_logged_by_the_official_client_and_got_by_ours(server, project, api):
    version = logged("from-python", FILES, aliases=["mine"], metadata={"n": 1}, description="described")
    server.command("artifact", "get", f"alice/{project}/from-python:v0", "--root", "got")
    assert content("got") == FILES
    said = server.command("artifact", "info", f"alice/{project}/from-python:mine")
    assert said["digest"] == version.digest
    server.command("artifact", "verify", f"alice/{project}/from-python:v0")


@pytest.mark.every_client
def test_logged_by_ours_and_got_by_the_official_client(server, project, api):
    folder = write(FILES)
    said = server.command("artifact", "put", folder, "--name", f"alice/{project}/from-rust", "--type", "dataset",
                          "--alias", "mine")
    version = api.artifact("from-rust:mine")
    assert (version.version, version.digest) == ("v0", said["digest"])
    got = version.download()
    assert content(got) == FILES
    version.verify(got)
    assert {file.name for file in version.files()} == set(FILES)
    # The same files again, by the other client: it is the same version.
    same = wandb.Artifact("from-rust", type="dataset")
    same.add_dir(str(folder))
    with wandb.init() as run:
        run.log_artifact(same).wait()
        run.use_artifact("from-rust:latest")
    assert same.version == "v0"

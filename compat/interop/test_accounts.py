"""Logging in, and the official command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import wandb
from flows import content, refusal, write
from serving import ALICE, BOB

# The message of a response with status 401, which the client shows.
UNKNOWN_KEY = "does not know the API key"


def official(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"WANDB_SILENT": "false", "COLUMNS": "200"} | variables
    command = [sys.executable, "-m", "wandb", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.every_client
def test_login_with_the_right_key(server):
    done = official("login", "--verify", "--host", server.url, ALICE.key, WANDB_API_KEY="")
    assert done.returncode == 0, done.stderr
    assert ALICE.key in Path(os.environ["NETRC"]).read_text()
    assert "alice" in done.stderr + done.stdout


@pytest.mark.every_client
def test_login_with_a_wrong_key(server):
    done = official("login", "--verify", "--host", server.url, "c" * 40, WANDB_API_KEY="")
    assert done.returncode != 0
    assert UNKNOWN_KEY in done.stderr + done.stdout
    assert "401" in server.last_lines(5)


def test_a_wrong_key_is_refused_at_once(project):
    assert UNKNOWN_KEY in refusal(lambda: wandb.Api(api_key="c" * 40).viewer)


@pytest.mark.every_client
def test_who_is_asking(project, api):
    viewer = api.viewer
    assert (viewer.username, viewer.entity) == ("alice", "alice")
    assert api.default_entity == "alice"
    assert wandb.Api(api_key=BOB.key).viewer.username == "bob"
    assert viewer.api_keys == [] or all(isinstance(key, str) for key in viewer.api_keys)
    assert isinstance(viewer.teams, list)


@pytest.mark.every_client
def test_artifact_put_get_and_ls(project, api):
    folder = write({"a.txt": "a", "sub/b.txt": "b"})
    done = official("artifact", "put", "--name", f"{project}/put", "--type", "dataset", "--alias", "mine",
                    "--description", "described", str(folder))
    assert done.returncode == 0, done.stderr
    version = api.artifact("put:mine")
    assert (version.version, version.description) == ("v0", "described")
    done = official("artifact", "get", f"alice/{project}/put:mine", "--root", "got")
    assert done.returncode == 0, done.stderr
    assert content("got") == {"a.txt": b"a", "sub/b.txt": b"b"}
    done = official("artifact", "ls", f"alice/{project}")
    assert done.returncode == 0, done.stderr
    assert "put:v0" in done.stderr + done.stdout

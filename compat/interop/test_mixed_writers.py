"""One version from writers of both clients, finished by either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wandb
from flows import content, draft, write
from serving import Server
from test_parallel import WRITER, finish, upserts


def ours(server: Server, *words: str | Path) -> Any:
    """The output of our command, with the client's own settings."""
    done = subprocess.run([server.binary, "artifact", *words, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=os.environ, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(server: Server, *words: str | Path) -> str:
    done = subprocess.run([server.binary, "artifact", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=os.environ, timeout=120, check=False)
    assert done.returncode == 1, done.stdout
    return done.stderr


def put(server: Server, name: str, files: dict[str, str], group: str, root: str) -> Any:
    return ours(server, "put", write(files, root), "--name", name, "--group", group, "--partial")


@pytest.mark.every_client
def test_their_writers_and_our_finisher(server, project, api):
    upserts("mixed-1", 3)
    put(server, "parallel-artifact", {"ours/part.txt": "ours"}, "mixed-1", "part")
    finished = ours(server, "finish", "parallel-artifact", "--group", "mixed-1")
    assert (finished["version"], finished["fileCount"]) == ("v0", 4)
    version = api.artifact("parallel-artifact:latest")
    assert set(version.manifest.entries) == {"ours/part.txt", *(f"parts/table_{i}.table.json" for i in range(3))}
    assert version.get("parts/table_2").data == [[2, 4, 4]]
    assert version.verify(version.download()) is None


@pytest.mark.every_client
def test_our_writers_and_their_finisher(server, project, api):
    for index in range(3):
        answer = put(server, "parallel-artifact", {f"ours/{index}.txt": str(index)}, "mixed-2", f"part-{index}")
        assert answer["partial"] and answer["fileCount"] == 1
    upserts("mixed-2", 1)
    assert finish("mixed-2").version == "v0"
    found = content(api.artifact("parallel-artifact:v0").download())
    assert {path: found[path] for path in found if path.startswith("ours/")} == \
        {f"ours/{index}.txt": str(index).encode() for index in range(3)}
    assert len(found) == 5


def test_writers_of_both_at_once(server, project, api):
    """Each of many at once, so that their calls interleave."""
    commands = []
    for index in range(4):
        folder = write({f"ours/{index}/{part}.txt": f"{index} {part}" for part in range(10)}, f"part-{index}")
        commands.append([server.binary, "artifact", "put", folder, "--name", "parallel-artifact", "--group", "mixed-3",
                         "--partial", "--quiet"])
        commands.append([sys.executable, "-c", WRITER, str(index), "mixed-3"])
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True) for command in commands]
    for writer in running:
        _, errors = writer.communicate(timeout=180)
        assert writer.returncode == 0, errors
    finished = ours(server, "finish", "parallel-artifact", "--group", "mixed-3")
    assert finished["fileCount"] == 44
    assert len(content(api.artifact("parallel-artifact:v0").download())) == 44


def test_both_hear_of_other_content_at_one_path(server, project):
    with wandb.init(id="theirs", group="mixed-4") as run:
        run.upsert_artifact(draft("shared", {"same.txt": "theirs"}))
    told = refused(server, "put", write({"same.txt": "ours"}, "other"), "--name", "shared", "--group", "mixed-4",
                   "--partial", "--id", "ours")
    for part in ("same.txt", "shared", "run theirs", "run ours"):
        assert part in told
    # The version is not affected.
    assert ours(server, "finish", "shared", "--group", "mixed-4")["fileCount"] == 1
    told = refused(server, "finish", "shared", "--group", "mixed-4")
    assert "nothing to finish" in told

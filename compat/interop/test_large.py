"""Many files, and one that is uploaded in parts, with a server and a store of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

import pytest
from serving import ALICE, Server

COUNT = 10_000
SIZE = 2 * 2**30 + 12_345
# The client sends such a file in parts of 100 MiB.
PARTS = 21

MANY = """
import os, sys, wandb
for index in range(int(sys.argv[1])):
    os.makedirs(f"many/{index // 1000}", exist_ok=True)
    with open(f"many/{index // 1000}/{index}.txt", "w") as file:
        file.write(f"file {index}")
artifact = wandb.Artifact("many", type="dataset")
artifact.add_dir("many", skip_cache=True, policy="immutable")
with wandb.init(project="large") as run:
    run.log_artifact(artifact).wait()
version = wandb.Api().artifact("alice/large/many:v0")
version.verify(version.download("copy"))
assert version.file_count == int(sys.argv[1])
"""

LARGE = """
import os, sys, wandb
artifact = wandb.Artifact("large", type="model")
artifact.add_file(sys.argv[1], name="large.bin", skip_cache=True, policy="immutable")
with wandb.init(project="large") as run:
    run.log_artifact(artifact).wait()
os.unlink(sys.argv[1])
version = wandb.Api().artifact("alice/large/large:v0")
folder = version.download("copy", skip_cache=True)
assert os.path.getsize("copy/large.bin") == version.size
version.verify(folder)
"""

# Many files are got without `skip_cache`: with it the client's threads share one target path, and now and then two files
# take each other's place.


def run(script: str, server: Server, argument: str) -> None:
    environment = os.environ | {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": ALICE.key, "WANDB_SILENT": "false"}
    done = subprocess.run([sys.executable, "-c", script, argument], env=environment, capture_output=True, text=True,
                          timeout=240)
    assert done.returncode == 0, done.stderr + server.last_lines(20)


@pytest.fixture
def quick_folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder in memory if possible: some disks take minutes to delete 40,000 files."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) and 2**30 < shutil.disk_usage(memory).free else tmp_path
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("WANDB_CACHE_DIR", f"{folder}/cache")
        yield Path(folder)
        monkeypatch.chdir(tmp_path)


def test_ten_thousand_files(server, quick_folder):
    began = time.monotonic()
    with Server.start(server.binary, quick_folder / "store", quick_folder / "log") as own:
        run(MANY, own, str(COUNT))
        own.command("artifact", "verify", "alice/large/many:v0")
    assert time.monotonic() - began < 180


def test_a_file_above_two_gib(server, tmp_path):
    with Path("large.bin").open("wb") as file:
        file.truncate(SIZE)
        for offset in (0, 100 * 2**20 - 1, 2**31, SIZE - 1):
            file.seek(offset)
            file.write(b"x")
    with Server.start(server.binary, tmp_path / "store", tmp_path / "log") as own:
        run(LARGE, own, "large.bin")
        sent = re.findall(r'"method":"PUT","path":"/storage/upload","status":200', own.log.read_text())
        assert PARTS <= len(sent), own.last_lines(40)
    with Path("copy/large.bin").open("rb") as file:
        for offset, expected in ((0, b"x"), (1, b"\0"), (2**31, b"x"), (SIZE - 1, b"x")):
            file.seek(offset)
            assert file.read(1) == expected

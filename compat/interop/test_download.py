"""Downloads: whole versions, single entries, and expired URLs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flows import content, logged, refusal
from loopback import before

FILES = {"a.txt": "a", "sub/b.txt": "b" * 1000, "empty": ""}
EXPECTED = {path: text.encode() for path, text in FILES.items()}

FETCH = """
import sys, wandb
artifact = wandb.Api().artifact(sys.argv[1])
assert artifact.verify(artifact.download("copy", multipart=sys.argv[2] == "parts")) is None
"""


@pytest.mark.every_client
def test_download_into_an_empty_cache(project, api):
    logged("whole", FILES)
    version = api.artifact("whole:v0")
    folder = version.download()
    assert content(folder) == EXPECTED
    version.verify(folder)
    (Path(folder) / "a.txt").write_text("x")
    assert "ValueError" in refusal(lambda: version.verify(folder))


@pytest.mark.every_client
def test_download_of_a_part(project, api):
    logged("part", FILES)
    assert set(content(api.artifact("part:v0").download("only", path_prefix="sub/"))) == {"sub/b.txt"}


@pytest.mark.every_client
def test_download_of_an_entry(project, api):
    logged("single", {**FILES, "with space & ü.txt": "named"})
    version = api.artifact("single:v0")
    assert Path(version.get_entry("sub/b.txt").download()).read_bytes() == EXPECTED["sub/b.txt"]
    assert Path(version.get_entry("with space & ü.txt").download()).read_bytes() == b"named"
    assert Path(version.get_entry("empty").download()).read_bytes() == b""


def test_download_of_an_entry_through_a_link(project, api):
    logged("single", FILES).link(f"{project}/models")
    version = api.artifact(f"{project}/models:v0")
    assert Path(version.get_entry("a.txt").download()).read_bytes() == b"a"
    shutil.rmtree(os.environ["WANDB_CACHE_DIR"])
    assert content(version.download("linked")) == EXPECTED


@pytest.mark.every_client
def test_download_of_what_is_not_there_in_whole(project, api):
    logged("again", FILES)
    version = api.artifact("again:v0")
    folder = Path(version.download())
    (folder / "a.txt").write_text("damaged")
    (folder / "sub/b.txt").unlink()
    shutil.rmtree(os.environ["WANDB_CACHE_DIR"])
    version.download()
    assert content(folder) == EXPECTED


def test_names_that_need_care_in_urls(project, api):
    names = ["a b.txt", "per%20cent", "plus+and#hash?", "ünï/cödé.txt", "quote'\"", "semi;colon&", "日本.txt"]
    logged("names", {name: name for name in names})
    version = api.artifact("names:v0")
    assert content(version.download()) == {name: name.encode() for name in names}
    for name in names:
        shutil.rmtree(os.environ["WANDB_CACHE_DIR"], ignore_errors=True)
        assert Path(version.get_entry(name).download(root="single")).read_bytes() == name.encode()


@pytest.mark.parametrize("way", ["whole", "parts"])
def test_a_url_that_expired(project, server, api, way):
    """The client requests another URL, or uses the route that needs none."""
    logged("expired", {"a.bin": os.urandom(5000)})
    refused: list[str] = []

    def refuses(method: str, path: str) -> int | None:
        if method != "GET" or not path.startswith("/storage/") or "a.bin" not in path or refused:
            return None
        refused.append(path)
        return 403

    with before(server.url, refuses) as url:
        environment = os.environ | {"WANDB_BASE_URL": url, "WANDB_SILENT": "false"}
        done = subprocess.run(
            [sys.executable, "-c", FETCH, f"alice/{project}/expired:v0", way],
            env=environment, capture_output=True, text=True, timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert len(refused) == 1
    assert content("copy") == content(api.artifact("expired:v0").download())

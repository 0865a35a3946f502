"""What both clients are asked to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("official_script.py")


@dataclass(frozen=True)
class Workload:
    """One artifact to log, or one version to get."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    is_single: bool = False  # its only file is added by itself, not as a folder
    reference: bool = False  # the folder is referenced and not sent
    metadata: dict[str, Any] | None = None
    description: str | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    gets: bool = False  # gets what an earlier workload logged
    artifact: str = ""  # the artifact's name, where an earlier workload has it already

    @property
    def collection(self) -> str:
        return self.artifact or self.name


FOLDER = {
    **{f"data/part-{number:02}/value.txt": f"value {number}".encode() for number in range(30)},
    **{f"data/deep/{'d/' * number}leaf.bin": bytes([number]) * (1000 * number) for number in range(1, 8)},
    "empty": b"",
    "ünï cödé.txt": "named".encode(),
    "日本/数据 <&>.txt": b"three scripts",
}
assert len(FOLDER) == 40

WORKLOADS = [
    Workload("one-file", {"model.bin": os.urandom(50_000)}, is_single=True),
    Workload("folder", FOLDER),
    Workload("unchanged", FOLDER, artifact="folder"),
    Workload("reference", {"a.txt": b"a", "sub/b.txt": b"bb"}, reference=True),
    Workload("labelled", {"a.txt": b"labelled"}, metadata={"accuracy": 0.5, "ünï": ["a", None, {"b": 1}]},
             description="said of it", aliases=("best", "second"), tags=("small", "two words")),
    Workload("get", FOLDER, gets=True, artifact="folder"),
]


def by_official(workload: Workload, files: Path, target: Path, environment: dict[str, str]) -> None:
    order = {
        "collection": workload.collection, "files": str(files), "is_single": workload.is_single,
        "reference": workload.reference, "metadata": workload.metadata, "description": workload.description,
        "aliases": list(workload.aliases), "tags": list(workload.tags), "gets": workload.gets, "target": str(target),
        "path": str(_path(workload, files)),
    }
    _run([sys.executable, "-B", SCRIPT, json.dumps(order)], environment)


def by_ours(workload: Workload, files: Path, target: Path, environment: dict[str, str], binary: Path) -> None:
    if workload.gets:
        _run([binary, "artifact", "get", f"{workload.collection}:v0", "--root", target], environment)
        return
    path = _path(workload, files)
    arguments: list[str | Path] = [path.as_uri() if workload.reference else path, "--name", workload.collection]
    arguments += ["--type", "dataset"]
    if workload.metadata is not None:
        arguments += ["--metadata", json.dumps(workload.metadata)]
    if workload.description is not None:
        arguments += ["--description", workload.description]
    for alias in workload.aliases:
        arguments += ["--alias", alias]
    for tag in workload.tags:
        arguments += ["--tag", tag]
    _run([binary, "artifact", "put", *arguments], environment)


def _path(workload: Workload, files: Path) -> Path:
    return files / next(iter(workload.files)) if workload.is_single else files


def _run(command: list[Any], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"

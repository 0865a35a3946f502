"""Shortcuts for the first steps of most tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, TypeVar

import wandb

T = TypeVar("T")


def write(files: dict[str, str | bytes], root: str = "files") -> Path:
    """Creates files below a folder of the working folder."""
    folder = Path(root)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def draft(name: str, files: dict[str, str | bytes], type: str = "dataset", **settings: Any) -> wandb.Artifact:
    artifact = wandb.Artifact(name, type=type, **settings)
    for path, content in files.items():
        with artifact.new_file(path, mode="wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    return artifact


def logged(name: str, files: dict[str, str | bytes], type: str = "dataset",
           aliases: list[str] | None = None, tags: list[str] | None = None, **settings: Any) -> wandb.Artifact:
    """An artifact logged by its own run."""
    with wandb.init() as run:
        artifact = run.log_artifact(draft(name, files, type, **settings), aliases=aliases, tags=tags)
        artifact.wait()
    return artifact


def content(folder: str | os.PathLike[str]) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    root = Path(folder)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def refusal(call: Callable[[], T]) -> str:
    """The error of a call that must be refused."""
    try:
        answer = call()
    except Exception as error:  # noqa: BLE001 (the client has a type of its own for each)
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"was not refused, but answered {answer!r}")

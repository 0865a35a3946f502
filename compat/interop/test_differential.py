"""Both clients send the same requests for the same work, except for intended differences."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conftest import place
from differential.compare import differences
from differential.differences import DELIBERATE
from differential.recorder import Exchange, Recorder, recording
from differential.workloads import WORKLOADS, by_official, by_ours
from flows import content, write
from serving import ALICE, Server

FINAL_STATE = """query Final($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) {
    artifactCollectionMembership(name: $name) {
      versionIndex aliases { alias } artifact {
        digest size fileCount state metadata description ttlDurationSeconds ttlIsInherited tags { name }
        artifactType { name }
} } } }"""


def played(client: str, root: Path, files: Path) -> dict[str, tuple[list[Exchange], Any, Any]]:
    """The requests of one client for each workload, and the content of the server and the disk afterwards.

    The server is the client's own; its URLs lead through the recorder, because they name the host that was asked.
    """
    binary = Path(os.environ["WANDB_RS"])
    root.mkdir()
    with recording() as recorder:
        with Server.start(binary, root / "store", root / "log") as server:
            recorder.target = server.url
            told = {}
            for workload in WORKLOADS:
                source, target = files / workload.collection, root / "got" / workload.name
                # Another client downloads: nothing is cached.
                settings = environment(recorder, root / ("getter" if workload.gets else "logger"))
                if client == "official":
                    by_official(workload, source, target, settings)
                else:
                    by_ours(workload, source, target, settings, binary)
                got = content(target) if workload.gets else None
                told[workload.name] = (recorder.take(), final_state(server, workload.collection), got)
            return told


def environment(recorder: Recorder, root: Path) -> dict[str, str]:
    """The environment of a client's process: its own project and folders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "NETRC"))}
    root.mkdir(exist_ok=True)
    return {
        **kept, **place(root), "WANDB_BASE_URL": recorder.url, "WANDB_API_KEY": ALICE.key, "WANDB_ENTITY": ALICE.name,
        "WANDB_PROJECT": "work", "WANDB_RUN_GROUP": "", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false",
        "WANDB_CONSOLE": "off", "WANDB_X_DISABLE_STATS": "true", "WANDB_DISABLE_GIT": "true",
    }


def final_state(server: Server, collection: str) -> Any:
    variables = {"project": "work", "entity": ALICE.name, "name": f"{collection}:latest"}
    answer = server.ask(FINAL_STATE, variables)
    assert "errors" not in answer, answer
    return answer["data"]["project"]["artifactCollectionMembership"]


def test_what_differs_from_the_official_client_is_what_is_meant_to(tmp_path: Path) -> None:
    files = tmp_path / "files"
    for workload in WORKLOADS:
        write(workload.files, files / workload.collection)
    sides = {client: played(client, tmp_path / client, files) for client in ("official", "ours")}
    found: dict[str, list[str]] = {}
    for workload in WORKLOADS:
        official, ours = (sides[client][workload.name] for client in ("official", "ours"))
        assert official[1] == ours[1], f"{workload.name}: the server holds something else"
        assert official[2] == ours[2] == (workload.files if workload.gets else None), f"{workload.name}: other files"
        for difference in differences(official[0], ours[0]):
            found.setdefault(difference, []).append(workload.name)
    unmeant = {text: where for text, where in found.items() if not any(fnmatchcase(text, key) for key in DELIBERATE)}
    gone = [key for key in DELIBERATE if not any(fnmatchcase(text, key) for text in found)]
    lines = [f"  {text}  ({', '.join(where)})" for text, where in sorted(unmeant.items())]
    assert not unmeant, "differs, and nobody says why:\n" + "\n".join(lines)
    assert not gone, "listed as different, but is the same by now:\n  " + "\n  ".join(gone)


def asked(step: str, variables: dict[str, Any], body: bytes = b"", **headers: str) -> Exchange:
    return Exchange(step, "PUT" if body else "POST", "/graphql", headers, variables, body, 200, b"")


def test_whatever_differs_is_noticed() -> None:
    official = [
        asked("CreateArtifact", {"input": {"digest": "a", "runName": "one", "labels": None}}, accept="x"),
        asked("CreateArtifactFiles", {"input": {"artifactFiles": [{"name": "f", "md5": "m", "artifactID": "1"}]}}),
        asked("PUT file", {}, b"content"),
        asked("PUT manifest", {}, b'{"version": 1, "contents": {"f": {"digest": "m", "size": 7}}}'),
    ]
    same = [
        asked("CreateArtifact", {"input": {"digest": "a", "runName": "another"}}, accept="x"),
        asked("CreateArtifactFiles", {"input": {"artifactFiles": [{"name": "f", "md5": "m", "artifactID": "2"}]}}),
        *official[2:],
    ]
    assert differences(official, same) == set()
    other = [
        asked("PUT file", {}, b"other content"),
        asked("CreateArtifact", {"input": {"digest": "b", "labels": "l"}}),
        asked("CreateArtifactFiles", {"input": {"artifactFiles": [{"name": "g", "md5": "m"}]}}),
        asked("PUT manifest", {}, b'{"version": 1, "contents": {"f": {"digest": "m", "size": 8}}}'),
    ]
    assert differences(official, other) == {
        "CreateArtifact: input.digest is another", "CreateArtifact: input.labels only ours",
        "CreateArtifact: input.runName only official", "CreateArtifactFiles: 'f' only official",
        "CreateArtifactFiles: 'g' only ours", "PUT file: other bytes", "manifest entry: size is another",
        "header accept on questions: only official", "order: ours sends PUT file before CreateArtifact",
        "order: ours sends PUT file before CreateArtifactFiles",
    }

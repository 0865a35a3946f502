"""Differences between two recordings of the same work.

Each difference is a short text without anything that changes from run to run, so that it can be listed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Iterator

from differential.order import broken, named
from differential.recorder import Exchange

CLIENT_ID = re.compile(r"[a-z0-9]{128}")

# Ids, which differ by nature. That they are the right ones is the server's to check.
IDS = {"artifactID", "artifactManifestID", "baseArtifactID", "birthArtifactID", "runName", "id", "artifactId"}

# The content and the number of these requests have an effect.
ARTIFACT_STEPS = {
    "CreateArtifact", "CreateArtifactManifest (announced)", "CreateArtifactManifest (written)", "CommitArtifact",
    "FetchArtifactManifest", "ArtifactMembershipByName", "ArtifactType",
}


def differences(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    found = {f"order: official sends {what}" for what in broken(official)}
    found |= {f"order: ours sends {what}" for what in broken(ours)}
    found |= _steps(official, ours)
    found |= _variables(official, ours)
    found |= _files(official, ours)
    found |= _bodies(official, ours)
    found |= _manifests(official, ours)
    found |= _headers(official, ours)
    return found


def _steps(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    """The steps of a recording. Their number counts only if each has an effect."""
    counts = [Counter(name for name, _ in named(side)) for side in (official, ours)]
    found = set()
    for step in counts[0].keys() | counts[1].keys():
        theirs, mine = counts[0][step], counts[1][step]
        if not mine or not theirs:
            found.add(f"step {step}: only {'ours' if mine else 'official'}")
        elif theirs != mine and (step in ARTIFACT_STEPS or step.startswith(("PUT file", "PUT manifest"))):
            found.add(f"step {step}: official {theirs}, ours {mine}")
    return found


def _variables(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    """The variables of the first exchange of each step, field by field."""
    found = set()
    sides = [{name: exchange for name, exchange in reversed(named(side))} for side in (official, ours)]
    for step in (ARTIFACT_STEPS | {"UpsertBucket"}) & sides[0].keys() & sides[1].keys():
        found |= _fields(step, *(_plain(side[step].variables) for side in sides))
    return found


def _files(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    """Files are requested in batches of any size and order: each file must be requested with the same fields."""
    sides = [_asked_about(side) for side in (official, ours)]
    found = {f"CreateArtifactFiles: {name!r} only {'official' if name in sides[0] else 'ours'}"
             for name in sides[0].keys() ^ sides[1].keys()}
    for name in sides[0].keys() & sides[1].keys():
        found |= _fields("CreateArtifactFiles", sides[0][name], sides[1][name])
    return found


def _asked_about(side: list[Exchange]) -> dict[str, Any]:
    asked = {}
    for exchange in side:
        if exchange.step == "CreateArtifactFiles":
            common = {key: value for key, value in exchange.variables["input"].items() if key != "artifactFiles"}
            for file in exchange.variables["input"]["artifactFiles"]:
                asked[file["name"]] = _plain({"input": {**common, "artifactFiles": file}})
    return asked


def _bodies(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    """The uploads, by digest."""
    sides = [Counter(x.digest for x in side if x.step == "PUT file" and x.status < 300) for side in (official, ours)]
    return {"PUT file: other bytes"} if sides[0] != sides[1] else set()


def _manifests(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    sides = [[json.loads(x.body) for x in side if x.step == "PUT manifest"] for side in (official, ours)]
    found = set()
    for theirs, mine in zip(*sides):
        entries = [manifest.pop("contents") for manifest in (theirs, mine)]
        found |= _fields("manifest", _plain(theirs), _plain(mine))
        if list(entries[0]) != list(entries[1]):
            found.add("manifest: other paths, or in another order")
        for path in entries[0].keys() & entries[1].keys():
            found |= _fields("manifest entry", _plain(entries[0][path]), _plain(entries[1][path]))
    return found


def _headers(official: list[Exchange], ours: list[Exchange]) -> set[str]:
    """The headers of each kind of request, with the values that never change."""
    sides = [_by_kind(side) for side in (official, ours)]
    found = set()
    for kind in sides[0].keys() & sides[1].keys():
        theirs, mine = sides[0][kind], sides[1][kind]
        for name in theirs.keys() | mine.keys():
            if name not in mine or name not in theirs:
                found.add(f"header {name} on {kind}: only {'ours' if name in mine else 'official'}")
            elif name in ("accept", "accept-encoding", "content-type", "user-agent") and theirs[name] != mine[name]:
                found.add(f"header {name} on {kind}: other value")
    return found


def _by_kind(side: list[Exchange]) -> dict[str, dict[str, str]]:
    kinds: dict[str, dict[str, str]] = {}
    for exchange in side:
        kind = "questions" if exchange.path == "/graphql" else exchange.step
        headers = dict(exchange.headers)
        for name in ("host", "connection"):
            headers.pop(name, None)
        if exchange.step == "PUT manifest":  # of another length, and with that of another digest
            headers.pop("content-md5", None)
        kinds.setdefault(kind, {}).update(headers)
    return kinds


def _fields(where: str, theirs: Any, mine: Any) -> set[str]:
    sides = [dict(_leaves(side)) for side in (theirs, mine)]
    found = set()
    for path in sides[0].keys() | sides[1].keys():
        if path not in sides[1]:
            found.add(f"{where}: {path} only official")
        elif path not in sides[0]:
            found.add(f"{where}: {path} only ours")
        elif sides[0][path] != sides[1][path]:
            found.add(f"{where}: {path} is another")
    return found


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def _plain(value: Any, key: str = "") -> Any:
    """The value without IDs and without the order of unordered lists. A null equals a missing field."""
    if isinstance(value, dict):
        inner = {name: _plain(entry, name) for name, entry in value.items()}
        return {name: entry for name, entry in inner.items() if entry is not None}
    if isinstance(value, list):
        return sorted((_plain(entry, key) for entry in value), key=lambda entry: json.dumps(entry, sort_keys=True))
    if isinstance(value, str):
        if key in IDS and value:
            return "<id>"
        if CLIENT_ID.fullmatch(value):
            return "<client id>"
        if key in ("metadata", "config"):
            return json.loads(value)
    return value

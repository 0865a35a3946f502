"""The order in which an artifact has to be logged: section by section, not request by request."""

from __future__ import annotations

from itertools import combinations

from differential.recorder import Exchange

# Each step comes after all of the steps before it.
LOGGING = [
    "CreateArtifact", "CreateArtifactManifest (announced)", "CreateArtifactFiles", "PUT file",
    "CreateArtifactManifest (written)", "PUT manifest", "CommitArtifact",
]

# Batches are requested while the files of earlier ones are uploaded.
OVERLAPPING = {("CreateArtifactFiles", "PUT file")}


def named(exchanges: list[Exchange]) -> list[tuple[str, Exchange]]:
    """Every exchange by its step; the two calls about a manifest have two names."""
    return [(_name(exchange), exchange) for exchange in exchanges]


def _name(exchange: Exchange) -> str:
    if exchange.step != "CreateArtifactManifest":
        return exchange.step
    return f"{exchange.step} ({'written' if exchange.variables.get('includeUpload') else 'announced'})"


def broken(exchanges: list[Exchange]) -> list[str]:
    """What came too early. Empty for a run that logs as the protocol has it."""
    places: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(named(exchanges)):
        places.setdefault(name, []).append(place)
    steps = [step for step in LOGGING if step in places]
    found = []
    for earlier, later in combinations(steps, 2):
        if (earlier, later) in OVERLAPPING:
            early, late = min(places[earlier]), min(places[later])
        else:
            early, late = max(places[earlier]), min(places[later])
        if late < early:
            found.append(f"{later} before {earlier}")
    return found

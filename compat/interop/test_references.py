"""References to entries of other artifacts, logged by one client and downloaded by the other."""

from __future__ import annotations

import pytest
import wandb
from flows import content, logged

FILES = {"d/h.txt": b"hello\n", "other": b"other\n"}


def refer(name: str, *uris: str | object, **named: str | object) -> wandb.Artifact:
    """An artifact of references, logged by its own run."""
    artifact = wandb.Artifact(name, type="dataset")
    for uri in uris:
        artifact.add_reference(uri)
    for path, uri in named.items():
        artifact.add_reference(uri, name=path)
    with wandb.init() as run:
        run.log_artifact(artifact).wait()
    return artifact


@pytest.mark.every_client
def test_entries_of_another_artifact_logged_by_the_official_client_are_got_by_ours(server, project, api):
    logged("source", FILES)
    entry = api.artifact("source:v0").get_entry("d/h.txt")
    first = refer("first", entry, renamed=entry.ref_url())
    # A reference to a reference is recorded as the entry that it leads to.
    second = refer("second", api.artifact("first:v0").get_entry("renamed").ref_url())
    server.command("artifact", "get", f"alice/{project}/first:v0", "--root", "one")
    assert content("one") == {"h.txt": b"hello\n", "renamed": b"hello\n"}
    server.command("artifact", "get", f"alice/{project}/second:v0", "--root", "two")
    assert content("two") == {"h.txt": b"hello\n"}
    assert server.command("artifact", "refs", "check", f"alice/{project}/second:v0")["ok"] == 1
    # The same entries, by the other client: it is the same version, and recorded alike.
    url = api.artifact("first:v0").get_entry("renamed").ref_url()
    said = server.command("artifact", "put", url, "--name", f"alice/{project}/second")
    assert (said["version"], said["deduplicated"], said["digest"]) == ("v0", True, second.digest)
    said = server.command("artifact", "put", entry.ref_url(), url, "--as", "", "--as", "renamed",
                          "--name", f"alice/{project}/ours")
    assert said["digest"] == first.digest

    def entries(name: str) -> dict[str, object]:
        return {path: (entry.ref, entry.digest, entry.size, entry.extra)
                for path, entry in api.artifact(f"{name}:v0").manifest.entries.items()}

    assert entries("ours") == entries("first")


@pytest.mark.every_client
def test_entries_of_another_artifact_logged_by_ours_are_got_by_the_official_client(server, project, api):
    logged("source", FILES)
    entry = api.artifact("source:v0").get_entry("d/h.txt")
    server.command("artifact", "put", entry.ref_url(), entry.ref_url(), "--as", "", "--as", "deep/copy.txt",
                   "--name", f"alice/{project}/derived", "--type", "dataset")
    version = api.artifact("derived:latest")
    assert content(version.download("got")) == {"h.txt": b"hello\n", "deep/copy.txt": b"hello\n"}
    # And of ours, referenced by the official client.
    again = refer("again", version.get_entry("deep/copy.txt"))
    assert content(api.artifact("again:v0").download("again")) == {"h.txt": b"hello\n"}
    assert again.manifest.entries["h.txt"].ref == entry.ref_url()


@pytest.mark.every_client
def test_frozen_references_are_plain_files_for_the_official_client(server, project, api):
    logged("source", FILES)
    refer("derived", api.artifact("source:v0").get_entry("d/h.txt"))
    said = server.command("artifact", "refs", "freeze", f"alice/{project}/derived:v0", "--name", "frozen")
    assert said["fileCount"] == 1
    version = api.artifact("frozen:latest")
    assert [entry.ref for entry in version.manifest.entries.values()] == [None]
    assert content(version.download("got")) == {"h.txt": b"hello\n"}
    version.verify("got")

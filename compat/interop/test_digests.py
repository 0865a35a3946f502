"""XXH128 digests: used if all sides support them, MD5 otherwise."""

from __future__ import annotations

from flows import content, logged


def test_xxh128_artifacts(server, project, api):
    files = {"a.txt": "a", "sub/b.txt": "b" * 1000}
    first = logged("new", files, digest_algorithm="XXH128")
    version = api.artifact("new:v0")
    assert version.digest == first.digest
    folder = version.download()
    assert content(folder) == {path: text.encode() for path, text in files.items()}
    version.verify(folder)
    entries = version.manifest.entries.values()
    enabled = server.ask("{entity(name: \"alice\") {xxhashDigestsEnabled}}")["data"]["entity"]["xxhashDigestsEnabled"]
    assert all(("alg" in (entry.extra or {})) == enabled for entry in entries)
    assert logged("new", files, digest_algorithm="XXH128").version == "v0"
    server.command("artifact", "get", f"alice/{project}/new:v0", "--root", "got")
    assert content("got") == content(folder)


def test_an_md5_collection_stays_one(project, api):
    logged("old", {"a.txt": "a"})
    assert logged("old", {"a.txt": "a"}, digest_algorithm="XXH128").version == "v0"
    logged("old", {"a.txt": "b"}, digest_algorithm="XXH128")
    entry = api.artifact("old:v1").manifest.entries["a.txt"]
    assert "alg" not in (entry.extra or {})
    assert content(api.artifact("old:v1").download()) == {"a.txt": b"b"}

"""Every intended difference between the official client and ours, with its reason.

`test_differential.py` fails on a difference that is not here, and on an entry of this list that no longer occurs.
An entry is a pattern, as in the shell: `*` stands for anything. What both do, but not as often, is told only of the
steps of an artifact: how often a client asks who it is changes nothing.
"""

from __future__ import annotations

# pattern: reason
DELIBERATE = {
    # Logging
    "CreateArtifact: input.artifactCollectionName only official":
        "the public API's form of the call names the collections in a list: from it a server knows that the digest is "
        "that of all entries, and can find a version of any age by it",
    "CreateArtifact: input.artifactCollectionNames only ours": "in place of artifactCollectionName, see there",
    "manifest entry: local_path only official":
        "it tells everybody who may read the version what the folders of the uploader are called",
    "CreateArtifactManifest (written): digest is another": "the manifest has no local_path, so its file is another",
    "step ArtifactType: only official": "the same question has another name in ours, see ArtifactTypeQuery",
    "step ArtifactTypeQuery: only ours": "the question of ArtifactType; a server does not read an operation's name",
    # Downloading
    "step GetArtifactMembershipFileUrls: only official":
        "a listing of all files, page after page; ours asks about the entries that it lacks, and only those",
    "step ArtifactFileURLsByManifestEntries: only ours": "in place of the listing, see GetArtifactMembershipFileUrls",
    # Runs
    "step Viewer: only official": "who asks matters to ours only where no entity is named",
    "UpsertBucket: name is another": "a run's id is random",
    "UpsertBucket: program is another": "the program is ours, and no script",
    "UpsertBucket: config._wandb.value.cli_version is another": "it is another client",
    "UpsertBucket: config._wandb.value.python_version only official": "there is no Python",
    "UpsertBucket: config._wandb.value.[mt]* only official": "telemetry and the definitions of metrics: ours has neither",
    "step CreateRunFiles: only official": "logs, requirements and metadata of a script; ours runs none",
    "step PUT run file: only official": "see CreateRunFiles",
    # Headers
    "header user-agent on *: other value": "ours says what it is",
    "header use-admin-privileges on questions: only official":
        "ours never asks for more than its user may see anyway",
    "header accept on *: only ours": "the HTTP library's */*; no server answers otherwise for it",
    "header accept-encoding on PUT *: only official": "the answer to an upload has no body that could be compressed",
    "header accept-encoding on GET *: only official":
        "content is stored as it comes: it may not be unpacked on its way",
}

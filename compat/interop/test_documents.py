"""The server accepts every GraphQL document of the client, except for unsupported features."""

from __future__ import annotations

import importlib

import pytest

MODULES = ("wandb.sdk.artifacts._generated.operations", "wandb.apis._generated.operations")

# Features that the server does not support, and their documents.
LEFT_OUT = {
    "sweeps: it does not choose what to train next": {
        "GET_SWEEPS_GQL", "GET_SWEEP_GQL", "GET_SWEEP_LEGACY_GQL", "GET_SWEEP_AGENT_GQL", "GET_SWEEP_AGENTS_GQL",
        "GET_AGENT_RUNS_GQL",
    },
    "teams and invitations: every entity that bears no user's name is shared by all users": {
        "CREATE_TEAM_GQL", "CREATE_INVITE_GQL", "DELETE_INVITE_GQL", "CREATE_SERVICE_ACCOUNT_GQL",
    },
    "users and keys: `wandb-rs server user` is how they are managed": {
        "SEARCH_USERS_GQL", "CREATE_USER_FROM_ADMIN_GQL", "DELETE_API_KEY_GQL", "GENERATE_API_KEY_GQL",
    },
    "what registries have beyond collections; the server does not announce ARTIFACT_REGISTRY_SEARCH": {
        "REGISTRY_VERSIONS_GQL", "REGISTRY_COLLECTIONS_GQL", "RENAME_REGISTRY_GQL", "DELETE_REGISTRY_GQL",
        "REGISTRY_USER_MEMBERS_GQL", "REGISTRY_TEAM_MEMBERS_GQL", "CREATE_REGISTRY_MEMBERS_GQL",
        "DELETE_REGISTRY_MEMBERS_GQL", "UPDATE_USER_REGISTRY_ROLE_GQL", "UPDATE_TEAM_REGISTRY_ROLE_GQL",
    },
}
EXPECTED = set().union(*LEFT_OUT.values())


def documents() -> dict[str, str]:
    found = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if name.endswith("_GQL") and isinstance(value, str):
                found[name] = value
    return found


def complaints(server, document: str) -> list[str]:
    """The server's errors for a document, except those about missing variables."""
    errors = server.ask(document).get("errors") or []
    messages = [error["message"] for error in errors]
    return [message for message in messages if not message.startswith("Variable ")]


@pytest.fixture(scope="module")
def not_understood(server) -> dict[str, list[str]]:
    found = {name: complaints(server, document) for name, document in documents().items()}
    assert 50 < len(found)
    return {name: messages for name, messages in found.items() if messages}


def test_documents_are_understood(not_understood):
    unexpected = {name: messages for name, messages in not_understood.items() if name not in EXPECTED}
    assert unexpected == {}


def test_what_is_left_out_is_listed_for_a_reason_that_still_holds(not_understood):
    assert EXPECTED - set(not_understood) == set()

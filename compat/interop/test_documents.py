"""Every GraphQL document of the client is one that the server understands, but for what is left out on purpose."""

from __future__ import annotations

import importlib

import pytest

MODULES = ("wandb.sdk.artifacts._generated.operations", "wandb.apis._generated.operations")

# Documents whose fields or types the server does not have, by the reason.
LEFT_OUT: dict[str, str] = {}

# What the server says about a document that it does not understand; what it lacks otherwise is only the variables.
UNKNOWN = ("Unknown ", "Cannot query", "unknown field", "is not defined by type")


def documents() -> dict[str, str]:
    found = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if name.endswith("_GQL") and isinstance(value, str):
                found[name] = value
    return found


def complaints(server, document: str) -> list[str]:
    errors = server.ask(document).get("errors") or []
    messages = [error["message"] for error in errors]
    return [message for message in messages if any(part in message for part in UNKNOWN)]


@pytest.fixture(scope="module")
def not_understood(server) -> dict[str, list[str]]:
    found = {name: complaints(server, document) for name, document in documents().items()}
    assert 50 < len(found)
    return {name: messages for name, messages in found.items() if messages}


def test_documents_are_understood(not_understood):
    unexpected = {name: messages for name, messages in not_understood.items() if name not in LEFT_OUT}
    assert unexpected == {}


def test_what_is_left_out_is_listed_for_a_reason_that_still_holds(not_understood):
    assert set(LEFT_OUT) - set(not_understood) == set()

"""The server that the tests run against, and isolated folders for the client.

Run by `cargo xtask interop`, which sets WANDB_RS to the path of the built command. One server per session, on a free
loopback port, over a store in a temporary folder; each test has a project, a working folder and a cache of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Iterator

import pytest

sys.dont_write_bytecode = True
for name in [n for n in os.environ if n.startswith(("WANDB_", "NETRC")) and n != "WANDB_RS"]:
    del os.environ[name]

from serving import ALICE, BOB, Server  # noqa: E402 (the client must not see the caller's own settings)


def place(root: Path) -> dict[str, str]:
    """The folders of the client, all below root."""
    return {
        "HOME": str(root), "NETRC": str(root / "netrc"),
        "WANDB_DIR": str(root), "WANDB_CACHE_DIR": str(root / "cache"), "WANDB_DATA_DIR": str(root / "data"),
        "WANDB_CONFIG_DIR": str(root / "config"), "WANDB_ARTIFACT_DIR": str(root / "artifacts"),
        "WANDB_CREDENTIALS_FILE": str(root / "credentials.json"),
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if "WANDB_RS" not in os.environ:
        pytest.exit("WANDB_RS is not set to the path of wandb-rs; `cargo xtask interop` sets it", returncode=4)
    root = tmp_path_factory.mktemp("session")
    with Server.start(Path(os.environ["WANDB_RS"]), root / "store", root / "server.log") as server:
        server.add_user(BOB)
        os.environ.update(place(root / "client"))
        (root / "client").mkdir()
        os.environ.update({
            "WANDB_BASE_URL": server.url, "WANDB_API_KEY": ALICE.key, "WANDB_SILENT": "true",
            "WANDB_ERROR_REPORTING": "false", "WANDB_CONSOLE": "off", "WANDB_X_DISABLE_STATS": "true",
            "WANDB_DISABLE_GIT": "true",
        })
        yield server
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_place(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty working folder and an empty cache, and a client that has not read its settings yet."""
    for variable, value in place(tmp_path / "client").items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "client").mkdir()
    monkeypatch.chdir(tmp_path)
    yield
    import wandb

    wandb.teardown(exit_code=1)  # also ends runs that a failed test left open
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def project(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project that only one test uses, and the default of its runs."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name.removeprefix("test_"))[:80]
    monkeypatch.setenv("WANDB_PROJECT", name)
    return name


@pytest.fixture
def api(server: Server, project: str):
    import wandb

    return wandb.Api(overrides={"entity": ALICE.name, "project": project})


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Accept test names that only the newest client has."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.markexpr:
        session.exitstatus = pytest.ExitCode.OK


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and server is not None:
        report.sections.append(("server log, last lines", server.last_lines(25)))
    return report

"""A proxy before the server that writes down what passes."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Iterator
from urllib.parse import urlsplit

# What belongs to one connection and not to the request.
HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}

# Says who asks; whether it is there is told, what it is is not.
SECRET = {"authorization", "cookie", "proxy-authorization"}

OPERATION = re.compile(r"^\s*(?:query|mutation)\s+(\w+)", re.MULTILINE)


@dataclass
class Exchange:
    """A request, and how it was answered."""

    step: str  # the operation's name, or what is sent or fetched where
    method: str
    path: str  # without the query, which may be a signature
    headers: dict[str, str]  # by names in lower case
    variables: dict[str, Any]
    body: bytes
    status: int
    answered: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class Recorder:
    target: str = ""
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    _urls: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> list[Exchange]:
        """What passed since the last call, in the order in which it was answered."""
        with self._lock:
            taken, self.exchanges = self.exchanges, []
            return taken

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            if exchange.path == "/graphql":
                self._learn(exchange.step, exchange.answered)
            self.exchanges.append(exchange)

    def step(self, method: str, path: str, body: bytes) -> tuple[str, dict[str, Any]]:
        """What a request is for, and the variables of a question."""
        bare = urlsplit(path).path
        if bare == "/graphql":
            question = json.loads(body)
            name = question.get("operationName") or OPERATION.search(question["query"]).group(1)
            return name, question.get("variables") or {}
        if bare.endswith("/file_stream"):
            return "file stream", {}
        with self._lock:
            known = self._urls.get(path)
        if known:
            return f"{method} {known}", {}
        return f"{method} /{bare.split('/')[1]}", {}

    def _learn(self, operation: str, answer: bytes) -> None:
        """Remembers what the URLs in an answer are for: they say it themselves only to the server."""
        kinds = {
            "CreateArtifactFiles": "file", "CreateArtifactManifest": "manifest", "CreateRunFiles": "run file",
            "FetchArtifactManifest": "manifest",
        }
        kind = kinds.get(operation, "file")

        def walk(value: Any) -> None:
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key in ("uploadUrl", "directUrl", "url") and isinstance(inner, str):
                        parts = urlsplit(inner)
                        self._urls[f"{parts.path}?{parts.query}"] = kind
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)

        try:
            walk(json.loads(answer))
        except ValueError:
            pass


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder; its target is to be set before anybody asks."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            step, variables = recorder.step(self.command, self.path, body)
            connection = http.client.HTTPConnection(urlsplit(recorder.target).netloc, timeout=60)
            # The answer is to be read here, so it must not be compressed.
            passed = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            connection.request(self.command, self.path, body, passed)
            answer = connection.getresponse()
            content = answer.read()
            headers = {name.lower(): value for name, value in self.headers.items()}
            headers.update({name: "(secret)" for name in SECRET & headers.keys()})
            recorder.add(Exchange(step, self.command, urlsplit(self.path).path, headers, variables, body,
                                  answer.status, content))
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_POST = do_PUT = do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()

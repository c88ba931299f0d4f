"""The web server of story 1: nginx when it is installed, else Python's own TLS server; the caller says which."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from privyseal.model.errors import Unavailable

NGINX_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin"
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>It works</title><h1>It works</h1>"
    "<p>{server} serves this page with a certificate that an organization approved. Your browser shows it beside the address.</p></html>"
)


class Website(Protocol):
    """Serves one page over TLS on loopback while the context is open."""

    name: str
    port: int

    def __enter__(self) -> Self:
        """Begin to serve."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End."""


def nginx_program() -> str | None:
    """Return where nginx is, None when it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path=NGINX_PLACES)


def website(folder: Path, chain: Path, key: Path, port: int) -> Website:
    """Return a web server for this chain and key on a port of loopback."""
    nginx = nginx_program()
    return _Nginx(nginx, folder, chain, key, port) if nginx else _PythonSite(chain, key, port)


class _Nginx:
    def __init__(self, program: str, folder: Path, chain: Path, key: Path, port: int) -> None:
        self.name = "nginx"
        self.port = port
        self._program = program
        self._configuration = folder / "nginx.conf"
        self._configuration.write_text(
            f'daemon off; pid "{folder}/nginx.pid"; error_log "{folder}/nginx.log";\n'
            "events {}\n"
            "http {\n"
            f'  access_log off; client_body_temp_path "{folder}/body"; proxy_temp_path "{folder}/proxy";\n'
            f'  fastcgi_temp_path "{folder}/fastcgi"; uwsgi_temp_path "{folder}/uwsgi"; scgi_temp_path "{folder}/scgi";\n'
            f'  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate "{chain}"; ssl_certificate_key "{key}";\n'
            f"    location / {{ default_type text/html; return 200 '{PAGE.format(server=self.name)}'; }} }}\n"
            "}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [self._program, "-c", str(self._configuration), "-p", str(self._configuration.parent)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - a file of ours
        _wait(self.port)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer every path with the same page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.format(server=_PythonSite.name).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class _PythonSite:
    name = "Python's own TLS server"

    def __init__(self, chain: Path, key: Path, port: int) -> None:
        self.port = port
        self._server = HTTPServer(("127.0.0.1", port), _Page)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _wait(port: int) -> None:
    tick = threading.Event()
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            tick.wait(0.05)
        else:
            return
    raise Unavailable("demo-website", "The web server of the demo did not start within ten seconds.")

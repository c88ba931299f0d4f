"""The steps work: a real nginx takes the lines of the letter with the files of the letter."""

from __future__ import annotations

import subprocess
from pathlib import Path

from privyseal.actions.house import House
from privyseal.engine.pem import certificate_to_pem
from privyseal.model.fact import FactKind
from privyseal.model.request import RequestState
from tests.features.notices.household import add_certificate, add_request
from tests.features.notices.test_letters import Office, attached, text_of
from tests.rigs.nginx import NginxServer
from tests.rigs.presence import require_program


def test_nginx_serves_what_the_letter_says(house: House, tmp_path: Path) -> None:
    _, key = add_certificate(house, add_request(house, state=RequestState.ISSUED))
    letter = Office(house, tmp_path).letter(FactKind.CERTIFICATE_ISSUED, "notices.issued")
    pem = attached(next(iter(letter.iter_attachments())))
    (tmp_path / "www.acme.test.pem").write_bytes(pem)
    (tmp_path / "www.acme.test.key").write_bytes(key)
    directives = [line.strip() for line in text_of(letter).splitlines() if line.strip().startswith(("ssl_certificate", "listen"))]
    server = "\n".join(directives).replace("/etc/nginx/tls", str(tmp_path)).replace("443", "127.0.0.1:8443")
    assert server.count(str(tmp_path)) == 2
    configuration = tmp_path / "nginx.conf"
    frame = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; server {{ {server} }} }}"
    configuration.write_text(frame, encoding="utf-8")
    tested = subprocess.run([require_program("nginx", "nginx"), "-t", "-c", configuration], check=False, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    root = tmp_path / "root.pem"
    root.write_text(certificate_to_pem(house.issuing.root), encoding="ascii")
    with NginxServer(tmp_path / "www.acme.test.pem", tmp_path / "www.acme.test.key") as nginx:
        target = ["-connect", f"127.0.0.1:{nginx.port}", "-servername", "www.acme.test", "-verify_hostname", "www.acme.test"]
        seen = subprocess.run(
            ["openssl", "s_client", *target, "-CAfile", root, "-verify_return_error"],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
    assert "Verify return code: 0 (ok)" in seen.stdout, seen.stdout + seen.stderr

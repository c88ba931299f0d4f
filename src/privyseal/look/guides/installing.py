"""How a certificate gets onto a server: the exact lines for each kind, with the names of the files as they are handed out.

The private key is not among them, cannot be, and the steps say where it is instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privyseal.look.guides.platforms import Platform, platform_of, title
from privyseal.look.guides.steps import Step
from privyseal.look.words import gettext


@dataclass(frozen=True, slots=True)
class InstallGuide:
    """The steps for one server program."""

    program: str
    steps: tuple[Step, ...]


def guides(stem: str, platform: str) -> tuple[InstallGuide, ...]:
    """Return the guide for the requester's own platform, as typed in the request; for an unknown one those of nginx and Apache."""
    known = platform_of(platform)
    wanted = (Platform.NGINX, Platform.APACHE) if known is Platform.OTHER else (known,)
    return tuple(guide_for(stem, each) for each in wanted)


def guide_for(stem: str, platform: Platform) -> InstallGuide:
    """Return the guide for one kind of server; ``stem`` is the name of the files without their endings."""
    steps = _GUIDES.get(platform, _other)(stem)
    return InstallGuide(_VERSIONS.get(platform) or title(platform), steps)


def key_sentences(stem: str, platform: str) -> tuple[str, ...]:
    """Return what a requester must know about the private key before the first step, on this kind of server."""
    again = gettext("If you no longer have the key, do not install this certificate. Make a new key and CSR, and replace it.")
    if platform_of(platform) in {Platform.IIS, Platform.EXCHANGE}:
        return (gettext("The private key lies in the certificate store of the Windows computer on which the CSR was made."), again)
    return (
        gettext(
            "{stem}.key stands for the private key that you made together with the CSR. It is where you made it, and nobody else has it."
        ).format(stem=stem),
        again,
        gettext("The key file belongs to the user root, and nobody else may read it (mode 0600)."),
    )


def _brought(stem: str) -> str:
    return gettext(
        "Copy {stem}.pem to the server, into the folder where you made the key. There, as the user root (sudo -i changes the folder: "
        "go back to it), enter these lines."
    ).format(stem=stem)


def _copied(stem: str, directory: str, sentence: str) -> Step:
    return Step(
        f"{_brought(stem)} {sentence}",
        (
            f"install -d -m 0700 {directory}",
            f"install -m 0644 {stem}.pem {directory}/{stem}.pem",
            f"install -m 0600 {stem}.key {directory}/{stem}.key",
        ),
    )


def _nginx(stem: str) -> tuple[Step, ...]:
    place = f"/etc/nginx/tls/{stem}"
    return (
        _copied(
            stem,
            "/etc/nginx/tls",
            gettext("nginx reads the issuer from the same file."),
        ),
        Step(
            gettext("Name both files in the server block."),
            ("listen 443 ssl;", f"ssl_certificate {place}.pem;", f"ssl_certificate_key {place}.key;"),
        ),
        Step(gettext("Check the configuration and load it. Connections that are open stay open."), ("nginx -t && systemctl reload nginx",)),
    )


def _apache(stem: str) -> tuple[Step, ...]:
    place = f"/etc/apache2/tls/{stem}"
    return (
        _copied(
            stem,
            "/etc/apache2/tls",
            gettext("Apache reads the issuer from the same file."),
        ),
        Step(
            gettext("Name both files in the virtual host. SSLCertificateChainFile is not needed any more."),
            ("SSLEngine on", f"SSLCertificateFile {place}.pem", f"SSLCertificateKeyFile {place}.key"),
        ),
        Step(gettext("Check the configuration and load it."), ("apachectl configtest && systemctl reload apache2",)),
    )


def _haproxy(stem: str) -> tuple[Step, ...]:
    place = f"/etc/haproxy/tls/{stem}.pem"
    return (
        Step(
            f"{_brought(stem)} "
            + gettext("HAProxy reads certificate, issuer and key from one file, which nobody but the user root may read."),
            ("install -d -m 0700 /etc/haproxy/tls", f"(umask 077; cat {stem}.pem {stem}.key > {place})"),
        ),
        Step(gettext("Name the file where HAProxy listens."), (f"bind :443 ssl crt {place}",)),
        Step(gettext("Check the configuration and load it."), ("haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy",)),
    )


def _tomcat(stem: str) -> tuple[Step, ...]:
    return (
        Step(
            gettext("Put the root certificate and then your certificate with its issuer into the key store in which you made the key."),
            (
                f"keytool -importcert -noprompt -alias root -file root.pem -keystore {stem}.p12",
                f"keytool -importcert -alias {stem} -file {stem}.p7b -keystore {stem}.p12",
            ),
        ),
        Step(
            gettext("Name the store in server.xml, inside of the connector for port 443 or 8443."),
            (
                "<SSLHostConfig>",
                f'  <Certificate certificateKeystoreFile="conf/{stem}.p12" certificateKeystoreType="PKCS12"',
                f'    certificateKeyAlias="{stem}" certificateKeystorePassword="..." />',
                "</SSLHostConfig>",
            ),
        ),
        Step(gettext("Start Tomcat again."), ("systemctl restart tomcat10",)),
    )


def _trust_root() -> Step:
    return Step(
        gettext("In a command window of an administrator, let Windows know the root certificate, unless a group policy has done it."),
        ("certutil -addstore Root root.pem",),
    )


def _iis(stem: str) -> tuple[Step, ...]:
    return (
        _trust_root(),
        Step(gettext("Join the certificate with the key that certreq made on this machine."), (f"certreq -accept -machine {stem}.p7b",)),
        Step(
            gettext(
                "In IIS Manager open your site, then Bindings. Add or edit the binding https, port 443, and choose the new certificate. "
                "It works at once."
            )
        ),
    )


def _exchange(stem: str) -> tuple[Step, ...]:
    return (
        _trust_root(),
        Step(
            gettext("In the Exchange Management Shell, join the certificate with the key that was made on this server."),
            (f'$new = Import-ExchangeCertificate -FileData ([IO.File]::ReadAllBytes("$PWD\\{stem}.p7b"))',),
        ),
        Step(
            gettext("Use it for the services that are to serve it."),
            ("Enable-ExchangeCertificate -Thumbprint $new.Thumbprint -Services IIS,SMTP",),
        ),
    )


def _postfix(stem: str) -> tuple[Step, ...]:
    place = f"/etc/ssl/mail/{stem}"
    return (
        _copied(stem, "/etc/ssl/mail", gettext("Both programs can share them.")),
        Step(
            gettext("For Postfix 3.4 or later:"),
            (
                f'postconf -e "smtpd_tls_chain_files = {place}.key, {place}.pem" "smtpd_tls_security_level = may"',
                "postfix check && systemctl reload postfix",
            ),
        ),
        Step(
            gettext(
                "For Dovecot 2.3, in 10-ssl.conf; Dovecot 2.4 calls them ssl_server_cert_file and ssl_server_key_file, without the sign <."
            ),
            (f"ssl_cert = <{place}.pem", f"ssl_key = <{place}.key"),
        ),
        Step(gettext("Check what Dovecot reads and load it."), ("doveconf -n ssl_cert && systemctl reload dovecot",)),
    )


def _other(stem: str) -> tuple[Step, ...]:
    return (
        Step(
            gettext(
                "Give the server {stem}.pem, which holds your certificate first and then its issuer, and your private key. If it asks for "
                "the chain in a file of its own, download the certificate alone and the chain separately."
            ).format(stem=stem)
        ),
        Step(gettext("Load the configuration again, and check from another computer which certificate is served.")),
    )


_VERSIONS: Final = {Platform.APACHE: "Apache httpd 2.4.8 or later"}
_GUIDES: Final[dict[Platform, Callable[[str], tuple[Step, ...]]]] = {
    Platform.NGINX: _nginx,
    Platform.APACHE: _apache,
    Platform.IIS: _iis,
    Platform.TOMCAT: _tomcat,
    Platform.HAPROXY: _haproxy,
    Platform.EXCHANGE: _exchange,
    Platform.POSTFIX: _postfix,
}

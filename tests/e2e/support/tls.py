"""Certificates made by openssl, and clients that show and check them."""
import contextlib
import ssl
import subprocess
from pathlib import Path

from support.client import Client


class Authority:
    """A certificate authority in a folder; `issue` makes PEM files with certificate and key."""

    def __init__(self, folder: Path, name: str = "test ca"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.file = folder, folder / "ca.pem"
        self.openssl("req", "-x509", *self.new_key("ca"), "-out", "ca.pem", "-days", "30", "-subj", f"/CN={name}",
                     "-addext", "basicConstraints=critical,CA:TRUE")

    def openssl(self, *arguments: str) -> str:
        return subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    @staticmethod
    def new_key(name: str):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"

    def issue(self, name: str, *dns: str, days: int = 30, rsa: bool = False) -> Path:
        """@param days  below nought: it has ended"""
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key") if rsa else self.new_key(name)
        self.openssl("req", *key, "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(
            "basicConstraints=CA:FALSE\n" +
            (f"subjectAltName={','.join(f'DNS:{n}' for n in dns)}\n" if dns else ""))
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        both = self.folder / f"{name}.pem"
        both.write_text(self.certificate(name) + self.key(name))
        return both

    def certificate(self, name: str) -> str:
        return (self.folder / f"{name}.crt").read_text()

    def key(self, name: str) -> str:
        return (self.folder / f"{name}.key").read_text()

    def digest(self, name: str) -> str:
        """SHA-256 of a certificate, as ids have it."""
        text = self.openssl("x509", "-in", f"{name}.crt", "-noout", "-fingerprint", "-sha256")
        return text.split("=")[1].strip().replace(":", "").lower()


def context(show: Path = None, **settings) -> ssl.SSLContext:
    """A client's, that takes every server. @param show  PEM file of the client's certificate"""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # a connection that is cut is no end of an answer
    if show:
        made.load_cert_chain(show)
    for name, value in settings.items():
        setattr(made, name, value)
    return made


class TlsClient(Client):
    """The strict client over TLS."""

    def __init__(self, port: int, name: str = "localhost", tls: ssl.SSLContext = None, session=None, **options):
        super().__init__(port, **options)
        try:
            self.socket = (tls or context()).wrap_socket(self.socket, server_hostname=name,
                                                         suppress_ragged_eofs=False, session=session)
        except (OSError, ssl.SSLError):
            self.socket.close()
            raise

    def peer_name(self) -> str:
        """The common name of the server's certificate."""
        der = self.socket.getpeercert(binary_form=True)
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253"],
                              input=der, check=True, capture_output=True).stdout.decode()
        return text.split("CN=")[1].split(",")[0].strip()


def outcome(port: int, target: str, name: str = "localhost", tls: ssl.SSLContext = None, *headers: str):
    """(status, body) of a GET, or the word `refused` when there is no connection to ask on."""
    try:
        with contextlib.closing(TlsClient(port, name, tls)) as client:
            answer = client.get(target, *headers)
            return answer.status, answer.body.decode()
    except (OSError, ssl.SSLError, AssertionError):
        return "refused"

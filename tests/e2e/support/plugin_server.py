"""Plugin servers that hooks are called at over gRPC: those of plugins/grpc and the one of the tests."""
import functools
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from support.gateway import ROOT, free_port
from support.wait import SLOW, eventually

SYSTEM_FIRST = {**os.environ, "PATH": "/usr/bin:" + os.environ["PATH"]}


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="tykpp-plugin-server-")


@functools.cache
def messages() -> Path:
    """A folder with the Python modules of proto/."""
    out = Path(_folder().name) / "messages"
    out.mkdir()
    protos = ROOT / "proto"
    subprocess.run(["protoc", "-I", protos, f"--python_out={out}", *protos.glob("*.proto")], check=True)
    return out


class PluginServer:
    """A running server; its address stays the same when it is started again."""

    def __init__(self, argv, address: str = None, env: dict = None, after: tuple = ()):
        self.address = address or f"127.0.0.1:{free_port()}"
        self.argv = [*map(str, argv), self.address, *map(str, after)]
        self.env = {**SYSTEM_FIRST, **(env or {})}
        self.process = None

    @classmethod
    def of_tests(cls, name: str = "one", address: str = None, certificates: tuple = (), options: dict = None):
        return cls(["/usr/bin/python3", ROOT / "tests/e2e/plugins/grpc/hooks.py"], address,
                   {"PYTHONPATH": str(messages()), **(options or {})}, (name, *certificates))

    @classmethod
    def of_example(cls, language: str):
        """Builds the example with its own tools; raises CalledProcessError when they fail."""
        out = Path(_folder().name) / language
        subprocess.run([ROOT / "plugins/grpc" / language / "build.sh", out], check=True, env=SYSTEM_FIRST, timeout=600,
                       capture_output=True, text=True)
        return cls([out / "run"])

    @property
    def url(self) -> str:
        return self.address if self.address.startswith("unix:") else f"tcp://{self.address}"

    def start(self):
        """Returns when it serves: each of them says one line then."""
        self.process = subprocess.Popen(self.argv, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        assert line.strip() and ("ready" in line or "plugins at" in line), line + (self.process.stdout.read() or "")
        return self

    def freeze(self):
        """Returns when every thread has stopped: the signal alone only starts that."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self.process.pid}/task")
        eventually(lambda: all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks.iterdir()),
                   "the server has stopped")

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.stdout.close()
        process.wait(10)

    def stop(self):
        process, self.process = self.process, None
        if process is None:
            return None
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            code = process.wait(15 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait(10)
        process.stdout.close()
        return code

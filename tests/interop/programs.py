"""Programs that run while something is played, and what they need."""

import socket
import subprocess
import time
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url, process):
    """Waits until `url` answers, as long as `process` runs, for half a minute at most."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"interop: nothing answers at {url}: see the logs")


class Running:
    """A program that runs until the block ends."""

    def __init__(self, command, log, ready):
        self.command, self.log, self.ready = command, log, ready

    def __enter__(self):
        self.output = open(self.log, "wb")
        self.process = subprocess.Popen(self.command, stdout=self.output, stderr=self.output)
        try:
            wait_for(self.ready, self.process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.output.close()


def keys(program, folder, name, purpose="signing"):
    key, cert = folder / f"{name}-key.pem", folder / f"{name}-cert.pem"
    subprocess.run(
        [program, "keygen", "--purpose", purpose, "--type", "rsa2048", "--days", "90", "--force"]
        + ["--name", name, "--key", str(key), "--cert", str(cert)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return str(key), str(cert)

"""A stand-in for ClamAV's daemon that speaks its real protocol: PING, VERSION and INSTREAM, and knows one virus."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.files import EICAR


class _Talk(socketserver.StreamRequestHandler):
    """One connection: one command, one answer. Commands may begin with n (a line) or z (up to a zero byte)."""

    server: "_Daemon"

    def handle(self) -> None:
        line = self.rfile.readline(100)
        command = line.strip(b"nz\0\n").decode()
        answer = {"PING": "PONG", "VERSION": "ClamAV 1.4.2/27300/Mon Mar  2 09:00:00 2026"}.get(command)
        if command == "INSTREAM":
            answer = self._scan()
        self.wfile.write((answer or "UNKNOWN COMMAND").encode() + line[-1:])

    def _scan(self) -> str:
        data = b""
        while length := struct.unpack("!L", self.rfile.read(4))[0]:
            data += self.rfile.read(length)
        if len(data) > self.server.largest:
            return "INSTREAM size limit exceeded. ERROR"
        self.server.scanned += 1
        return "stream: Eicar-Test-Signature FOUND" if EICAR in data else "stream: OK"


class _Daemon(socketserver.ThreadingTCPServer):
    """Counts what it looked at."""

    allow_reuse_address = True
    daemon_threads = True
    scanned = 0
    largest = 25_000_000


@contextmanager
def clamd(port: int = 0) -> Iterator[tuple[str, _Daemon]]:
    """Its address for OMBUD_CLAMAV_URL, and the daemon, while it runs."""
    with _Daemon(("127.0.0.1", port), _Talk) as daemon:
        thread = threading.Thread(target=daemon.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{daemon.server_address[1]}", daemon
        daemon.shutdown()
        thread.join(5)

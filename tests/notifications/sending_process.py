"""A process that sends what is due, until nothing is left, to a provider at a port given (`test_sending_processes`)."""

import os
import socket
import sys
import time
from datetime import UTC, datetime

from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from notifications.deliver import deliver_due


def main(port: int) -> None:
    """Announces itself, waits for a word to begin, and sends."""

    def send(outgoing: Outgoing, channel: Channel) -> Sent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(10)
            line.sendto(outgoing.id.bytes + os.getpid().to_bytes(8), ("127.0.0.1", port))
            line.recv(1)
        return Sent(f"SM{outgoing.id.hex}", "AC1", DeliveryStatus.accepted)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    idle = time.monotonic()
    while time.monotonic() - idle < 0.5:
        if deliver_due(datetime.now(UTC), send=send, limit=20, keep_on=5.0):
            idle = time.monotonic()
        time.sleep(0.01)  # as a worker between two rings


if __name__ == "__main__":
    main(int(sys.argv[1]))

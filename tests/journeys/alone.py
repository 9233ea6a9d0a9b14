"""Run a command in a network namespace that has nothing but loopback, and count what tried to leave it.

    unshare --net python tests/journeys/alone.py REPORT command …

The kernel counts packets for which it has no route (RFC 4293, ipSystemStatsOutNoRoutes): name look-ups and connections
of any library, in any language. The count goes into the file REPORT, the command's exit code is ours.
"""

import fcntl
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def packets_without_route() -> int:
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Ip:"))
    ipv4 = int(dict(zip(names, values, strict=True))["OutNoRoutes"])
    ipv6 = [line.split()[1] for line in Path("/proc/net/snmp6").read_text().splitlines() if "Ip6OutNoRoutes" in line]
    return ipv4 + sum(int(count) for count in ipv6)


def main() -> int:
    report, *command = sys.argv[1:]
    raise_loopback()
    before = packets_without_route()
    done = subprocess.run(command, check=False)
    Path(report).write_text(str(packets_without_route() - before))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

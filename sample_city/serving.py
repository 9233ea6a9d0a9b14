"""Which departments have a process of their own, and what runs in it.

    python -m sample_city serve civil_affairs --home city
    python -m sample_city serve natural_resources --home city --hub http://127.0.0.1:8480

Each listens on loopback on a free port, and keeps its address in its folder (department_folder.py).
"""

from pathlib import Path

from sample_city.department_folder import DepartmentFolder
from sample_city.errors import NoHubError

SERVERS = ("civil_affairs", "health", "tax")
PUSHERS = ("natural_resources",)
DEPARTMENTS = (*SERVERS, *PUSHERS)


def serve(department: str, home: Path, hub: str | None = None) -> None:
    """Run a department's process until it is ended.

    Raises:
        NoHubError: it pushes, and nobody said where the hub is.
    """
    folder = DepartmentFolder(home, department)
    match department:
        case "civil_affairs":
            from sample_city import civil_affairs_api, web_server

            web_server.serve(folder, civil_affairs_api.CivilAffairs(home), busy=True)
        case "tax":
            from sample_city import tax_api, web_server

            web_server.serve(folder, tax_api.Tax(home), busy=False)
        case "health":
            from sample_city import sftp_server
            from sample_city.deliveries import SFTP_ROOT

            sftp_server.serve(folder, home / SFTP_ROOT)
        case _:
            from sample_city import pushing

            if hub is None:
                raise NoHubError
            pushing.push_for_ever(home, hub)

"""Values that travel beside a receipt: as disclosures of its digests (SD-JWT, RFC 9901), sealed while the hub has them.

beside = seal({"address": disclose("address", "龙湖区…", salt)}, key)
opened(beside, key)["address"]
revealed(answer["values"], disclosures)["address"]       # anybody who has receipt and disclosures
"""

import io
import json
from collections.abc import Mapping
from typing import Any

from certificates.sd_jwt import reveal
from certificates.sealing import SealedReader, SealedWriter


def seal(disclosures: Mapping[str, str], key: bytes) -> bytes:
    """Disclosures by name, sealed with a key of 32 bytes."""
    file = io.BytesIO()
    with SealedWriter(file, key) as writer:
        writer.write(json.dumps(disclosures).encode())
    return file.getvalue()


def opened(beside: bytes | None, key: bytes) -> dict[str, str] | None:
    """The disclosures; None where there are none any more. Raises certificates.sealing.SealBroken."""
    if not beside:
        return None
    found: dict[str, str] = json.loads(SealedReader(io.BytesIO(beside), key).read())
    return found


def revealed(digests: Mapping[str, Any], disclosures: Mapping[str, str]) -> dict[str, Any]:
    """The values by name. Raises certificates.sd_jwt.BadDisclosure if one is not what the receipt holds a digest of."""
    return reveal(digests, list(disclosures.values()))

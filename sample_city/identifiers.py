"""Certificate identifiers of GB/T 36904: root, type, issuer, serial, version, check character.

>>> import numpy as np
>>> issuers = np.frombuffer(b"11430000006122244L", dtype=np.uint8).reshape(1, 18)
>>> serials = np.frombuffer(b"20230000403", dtype=np.uint8).reshape(1, 11)
>>> versions = np.frombuffer(b"002", dtype=np.uint8).reshape(1, 3)
>>> identifiers("11100000000013338W011", issuers, serials, versions, np.array([0]))[0].as_py()
'1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S'
"""

import numpy as np

from sample_city.check_characters import IDENTIFIER_ALPHABET, Ascii, another_character, identifier_check
from sample_city.columns import Column, joined, repeated, text
from sample_city.draws import Index

ROOT = "1.2.156.3005.2"


def identifiers(type_code: str, issuer: Ascii, serial: Ascii, version: Ascii, wrong_by: Index) -> Column:
    """One for each row; the check character is moved by `wrong_by` (0: it is right)."""
    body = np.hstack([repeated(type_code.encode(), len(serial)), issuer, serial, version])
    check: Ascii = another_character(identifier_check(body), wrong_by, IDENTIFIER_ALPHABET)
    parts = [text(issuer), ".", text(serial), ".", text(version), ".", text(check[:, None])]
    return joined(f"{ROOT}.{type_code}.", *parts)

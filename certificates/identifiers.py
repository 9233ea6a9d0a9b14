"""Numbers that say by themselves whether they were written down rightly: people's, organisations', certificates'.

Sources: GB 11643-1999 (citizen numbers), GB 32100-2015 (unified social credit codes, USCC) with GB 11714 (the
organisation code inside), GB/T 36904-2018 (certificate identifiers), GB 16735 (vehicles), GA 36 (number plates),
ISO/IEC 7064 (check characters). A check character finds slips of the pen. It is no protection against forgery: some
swaps of neighbours go unnoticed. What a holder's code is, tells its type: see ``certificates.holder_codes``.

Example:
    >>> check_citizen_number("11010519491231002X"), check_uscc("91110000600037341L")
    (True, True)
    >>> CertificateIdentifier.parse(
    ...     "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S"
    ... ).check_ok
    True
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from certificates.errors import CertificatesError

ROOT_OID = "1.2.156.3005.2"
"""电子证照根代码: begins every certificate identifier and stays out of its check character."""

_ALPHABET_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE_36 = {character: value for value, character in enumerate(_ALPHABET_36)}
_ALPHABET_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE_USCC = {character: value for value, character in enumerate(_ALPHABET_USCC)}
_WEIGHTS_CITIZEN = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WEIGHTS_USCC = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_WEIGHTS_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"

# Numbers are ASCII. Python's \d and str.isdigit() would let other scripts' digits through.
_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_CITIZEN_15 = re.compile(r"[1-9][0-9]{14}", re.ASCII)
_USCC = re.compile(rf"[{_ALPHABET_USCC}]{{2}}[0-9]{{6}}[{_ALPHABET_USCC}]{{10}}", re.ASCII)
_IDENTIFIER = re.compile(
    r"1\.2\.156\.3005\.2\."
    r"(?P<type_code>[0-9A-Z]{21})\.(?P<issuer_code>[0-9A-Z]{18}|[0-9]{6})\."
    r"(?P<serial>[0-9A-Z]{1,64})\.(?P<version>[0-9]{3})\.(?P<check>[0-9A-Z])",
    re.ASCII,
)
_FOREIGN_OLD = re.compile(r"[A-Z]{3}[0-9]{12}", re.ASCII)
_RESIDENCE_AREAS = frozenset({"810000", "820000", "830000"})
_VEHICLE = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.ASCII)
_VALUE_VEHICLE = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True)
)
_WEIGHTS_VEHICLE = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-Z][A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]"
)
_CENTENARIANS = frozenset({"996", "997", "998", "999"})


class MalformedIdentifier(CertificatesError):
    """Raised when a text does not have the form of the number that it is said to be."""

    def __init__(self, kind_zh: str, kind_en: str) -> None:
        super().__init__(
            f"不是{kind_zh}的格式。请对照证照原文核对后重新填写。",
            f"This does not have the form of a {kind_en}. Compare it with the certificate and enter it again.",
        )


def check_citizen_number(text: str) -> bool:
    """Whether an 18-character citizen number (GB 11643-1999) has a date that exists and the right check character.

    Residence permits of Hong Kong, Macau and Taiwan people (81, 82, 83) follow the same rule. No list of division codes
    is consulted: codes change yearly, and one may be younger than the person.
    """
    if _CITIZEN.fullmatch(text) is None or text[17] != _citizen_check(text[:17]):
        return False
    return _date_of(text[6:14]) is not None


def widen_citizen_number(text: str) -> str:
    """The 18-character form of a 15-digit citizen number.

    The century is inserted (18 for the sequences 996 to 999, centenarians; else 19) and the check character added.

    Raises:
        MalformedIdentifier: Not 15 digits, or its date does not exist.
    """
    if _CITIZEN_15.fullmatch(text) is None:
        raise MalformedIdentifier("15 位公民身份号码", "15-digit citizen number")
    century = "18" if text[12:] in _CENTENARIANS else "19"
    body = text[:6] + century + text[6:]
    if _date_of(body[6:14]) is None:
        raise MalformedIdentifier("15 位公民身份号码", "15-digit citizen number")
    return body + _citizen_check(body)


def citizen_birth_date(text: str) -> date:
    """The birth date inside a right 18-character citizen number.

    Raises:
        MalformedIdentifier: The number is not right.
    """
    day = _date_of(text[6:14]) if check_citizen_number(text) else None
    if day is None:
        raise MalformedIdentifier("公民身份号码", "citizen number")
    return day


def citizen_sex(text: str) -> str:
    """Sex inside a right citizen number, by GB/T 2261.1: "1" male (odd sequence), "2" female.

    Raises:
        MalformedIdentifier: The number is not right.
    """
    if not check_citizen_number(text):
        raise MalformedIdentifier("公民身份号码", "citizen number")
    return "1" if int(text[16]) % 2 else "2"


def check_residence_permit(text: str) -> bool:
    """Whether this is the number of a 港澳台居民居住证: address codes 810000, 820000, 830000, else as GB 11643."""
    return text[:6] in _RESIDENCE_AREAS and check_citizen_number(text)


def check_foreign_permanent_resident_number(text: str) -> bool:
    """Whether this can be the number of a foreigner's permanent residence card (外国人永久居留身份证).

    Since 2023-12-01 18 digits: first 9, then province, country and birth date, and the check character of GB 11643. Of
    the layout only the date is judged, as far as a day of that form exists. Cards from before have three letters and
    twelve digits and go on to be used; of those the form alone is judged.
    """
    if _FOREIGN_OLD.fullmatch(text) is not None:
        return True
    return text.startswith("9") and check_citizen_number(text)


def check_vehicle_number(text: str) -> bool:
    """Whether this has the form of a vehicle identification number (GB 16735): 17 characters, none of them I, O, Q.

    Its check digit is judged apart (``vehicle_check_ok``): imported and older vehicles may have another one.
    """
    return _VEHICLE.fullmatch(text) is not None


def vehicle_check_ok(text: str) -> bool:
    """Whether the ninth character of a vehicle identification number is its check digit (GB 16735, as ISO 3779)."""
    if not check_vehicle_number(text):
        return False
    total = sum(_VALUE_VEHICLE[character] * weight for character, weight in zip(text, _WEIGHTS_VEHICLE, strict=True))
    return text[8] == "0123456789X"[total % 11]


def check_licence_plate(text: str) -> bool:
    """Whether this has the form of a number plate of the mainland (GA 36), without its dot: 粤D12345, 粤DD12345."""
    return _PLATE.fullmatch(text) is not None


@lru_cache(maxsize=4096)  # an issuer's stands on each of its certificates
def check_uscc(text: str) -> bool:
    """Whether an 18-character USCC (GB 32100-2015) and the organisation code inside have right check characters."""
    if _USCC.fullmatch(text) is None:
        return False
    total = sum(_VALUE_USCC[character] * weight for character, weight in zip(text, _WEIGHTS_USCC, strict=False))
    return _ALPHABET_USCC[(31 - total % 31) % 31] == text[17] and check_organisation_code(text[8:17])


def check_organisation_code(text: str) -> bool:
    """Whether a 9-character organisation code, without its hyphen, has the right check character (GB 11714)."""
    if len(text) != len(_WEIGHTS_ORGANISATION) + 1 or any(character not in _VALUE_36 for character in text):
        return False
    total = sum(_VALUE_36[character] * weight for character, weight in zip(text, _WEIGHTS_ORGANISATION, strict=False))
    return text[8] == "0123456789X0"[11 - total % 11]


def check_character(body: str) -> str:
    """The ISO/IEC 7064 MOD 37,36 check character of a body of 0-9 and A-Z, as GB/T 36904 uses it.

    Raises:
        MalformedIdentifier: Another character in the body.
    """
    product = 36
    for character in body:
        value = _VALUE_36.get(character)
        if value is None:
            raise MalformedIdentifier("电子证照标识", "certificate identifier")
        product = ((product + value) % 36 or 36) * 2 % 37
    return _ALPHABET_36[(37 - product) % 36]


@dataclass(frozen=True)
class CertificateIdentifier:
    """电子证照标识 (GB/T 36904-2018): ``1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>``.

    Real stores hold identifiers with a wrong check character, and with a 6-digit division code as issuer. Both parse:
    they are findings about quality, and no reason to refuse a certificate.
    """

    type_code: str
    issuer_code: str
    serial: str
    version: str
    check: str

    @classmethod
    def parse(cls, text: str) -> "CertificateIdentifier":
        """Take an identifier apart.

        Raises:
            MalformedIdentifier: The parts are not there or have other lengths or characters. A wrong check character
                is no reason; see ``check_ok``.
        """
        found = _IDENTIFIER.fullmatch(text)
        if found is None:
            raise MalformedIdentifier("电子证照标识", "certificate identifier")
        return cls(**found.groupdict())

    @classmethod
    def make(cls, type_code: str, issuer_code: str, serial: str, version: str) -> "CertificateIdentifier":
        """An identifier with its check character computed.

        Raises:
            MalformedIdentifier: A part has another length or character than the standard's.
        """
        check = check_character(type_code + issuer_code + serial + version)
        return cls.parse(f"{ROOT_OID}.{type_code}.{issuer_code}.{serial}.{version}.{check}")

    @property
    def check_ok(self) -> bool:
        """Whether the check character is the one that the other parts ask for."""
        return self.check == check_character(self.type_code + self.issuer_code + self.serial + self.version)

    def __str__(self) -> str:
        return f"{ROOT_OID}.{self.type_code}.{self.issuer_code}.{self.serial}.{self.version}.{self.check}"


def _citizen_check(body: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS_CITIZEN, strict=True))
    return _CITIZEN_CHECKS[total % 11]


def _date_of(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None

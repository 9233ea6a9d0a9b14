"""The words that a document prints beside what the receipt itself says, Chinese and English.

Example:
    >>> VERDICTS["no_match"]
    ('不相符', 'No match')
"""

from collections.abc import Mapping
from typing import Final

HEAD: Final = ("核验件（非电子证照原件）", "Verification document, not the certificate itself")
TITLE: Final = ("证照核验回执", "Certificate verification receipt")
NOTHING: Final = "—"

VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "valid": ("有效", "Valid"),
    "not_yet_valid": ("尚未生效", "Not yet valid"),
    "expired": ("已过期", "Expired"),
    "endorsement_due": ("应当签注", "Endorsement due"),
    "suspended": ("暂扣", "Suspended"),
    "cancelled": ("已注销", "Cancelled"),
    "revoked_void": ("已撤销", "Revoked as void"),
    "revoked_penalty": ("已吊销", "Revoked as a penalty"),
    "superseded": ("已换发", "Superseded"),
    "transferred": ("已转出", "Transferred out"),
    "pending_check": ("待校核", "Being checked"),
    "not_covered": ("未归集", "Not collected"),
    "no_match": ("不相符", "No match"),
    "unavailable": ("来源中断", "Source down"),
    "refused": ("未获授权", "Not allowed"),
}

OUTCOMES: Final[Mapping[str, str]] = {
    "pass": "通过 pass",
    "fail": "不通过 fail",
    "warn": "提示 note",
    "unknown": "不能确定 unknown",
}

CERTIFICATE: Final = ("证照", "Certificate")
CERTIFICATE_ROWS: Final[Mapping[str, str]] = {
    "type": "证照类型 Type",
    "number": "证照编号 Number",
    "identifier": "电子证照标识 Identifier",
    "internal_id": "证照信息编号 Hub's number",
    "holders": "持证主体 Holder",
    "objects": "标的 Object",
    "issuing_authority": "颁发机构 Issuer",
    "issued_on": "颁发日期 Issued on",
    "valid_from": "有效期起 Valid from",
    "valid_until": "有效期止 Valid until",
}

ASKED: Final = ("所问", "What was asked")
ASKED_ROWS: Final[Mapping[str, str]] = {
    "certificate_type": "证照类型 Type",
    "as_of": "核验日期 Day asked for",
    "purpose": "使用事由 Purpose",
    "service_item": "事项 Service item",
    "case": "办件编号 Case",
    "department": "使用部门 Department",
}

CHECKS: Final = ("逐项核验", "Every check")
EVIDENCE: Final = ("回执与存证", "Receipt and ledger")
MARK: Final = ("加注", "Marked copy")
MARK_ROWS: Final[Mapping[str, str]] = {
    "cause": "制作事由 Cause",
    "purpose": "用途 Purpose",
    "maker": "制作者 Maker",
    "expires_on": "有效期至 Usable until",
}
CODES: Final = ("离线码", "Offline code")
HOW: Final = (
    "扫描或拍摄全部二维码即可离线验证：python -m certificates code 图片 --keys keys.jwks；"
    "电子文件用 document 代替 code。请将信任根指纹与平台公布的核对。\n"
    "Scan or photograph all codes to verify offline: python -m certificates code IMAGE --keys keys.jwks; for the "
    "electronic file, document instead of code. Compare the trust root's fingerprint with the one the hub publishes."
)
ATTACHED: Final[Mapping[str, str]] = {
    "receipt.jws": "回执 the receipt, a compact JWS",
    "proof.txt": "存证证明 proof of its logging, a tlog-proof file",
    "metadata.xml": "元数据 metadata in the terms of GB/T 36903 and of archives",
    "sheet.json": "版面参数 what the pages were drawn with",
    "copy.jws": "加注声明 the signed statement about this copy",
}

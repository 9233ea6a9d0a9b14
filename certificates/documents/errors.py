"""What can go wrong with documents: they can't be drawn here, or one can't be accepted."""

from certificates.errors import CertificatesError


class DocumentsMissing(CertificatesError):
    """Raised when a document is to be drawn and what draws it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "未安装生成文档所需的组件（documents：fonttools、pylopdf-fonts-zh-cn、segno、PyYAML）。"
            "请安装后重试；验证不需要它们。",
            "What draws documents is not installed (extra documents: fonttools, pylopdf-fonts-zh-cn, segno, PyYAML). "
            "Install it and try again; verifying needs none of it.",
        )


class BadDocument(CertificatesError):
    """Raised when a file is no document or package of the hub, or was changed.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "文件不是本平台出具的核验件，或已被改动。请向出具单位索取原文件，或用其中二维码另行验证。",
            "The file is no document of the hub, or was changed. Ask whoever made it for the original file, or verify "
            "the code printed on it.",
        )


class BadMark(CertificatesError):
    """Raised when a copy is to be marked with a cause, a purpose or an expiry that is missing or not allowed.

    Attributes:
        member: The member's name; never its value.
    """

    def __init__(self, member: str, zh: str, en: str) -> None:
        self.member = member
        super().__init__(f"加注件{zh}。请修改后重新提交。", f"The marked copy's {en}. Mend it and send it again.")


class CopyExpired(CertificatesError):
    """Raised when a marked copy is shown after the day until which it may be used.

    Attributes:
        reason: A code for counting and for tests.
    """

    def __init__(self) -> None:
        self.reason = "expired"
        super().__init__(
            "加注件已过有效期，不得再使用。请重新核验证照，或重新制作加注件。",
            "The marked copy has expired and must not be used. Verify the certificate again, or make a new copy.",
        )


class CaseTooLarge(CertificatesError):
    """Raised when a case has more receipts than one package holds: nothing is left out silently."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"该办件的回执超过 {most} 张，一个归档包放不下。请按使用部门分别归档（mianzheng archive --department）。",
            f"This case has more than {most} receipts, too many for one package. Pack them by department "
            "(mianzheng archive --department).",
        )


class EmptyCase(CertificatesError):
    """Raised when an archive package is asked for a case in which nothing was verified."""

    def __init__(self) -> None:
        super().__init__(
            "没有该办件编号的回执，或回执正文已依法清理。请核对办件编号。",
            "There is no receipt of this case, or their bodies were erased by law. Check the case number.",
        )

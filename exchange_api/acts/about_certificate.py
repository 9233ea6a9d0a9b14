"""Questions that are about a certificate as a verification asks for it, and say more beside.

@dataclass(frozen=True)
class DisputeQuestion(AboutCertificate):
kind: str
"""

from dataclasses import dataclass

from certificates.records import Question


@dataclass(frozen=True)
class AboutCertificate:
    """Why it is asked stands in the question that the certificate is found by."""

    about: Question

    @property
    def purpose(self) -> str:
        """使用事由."""
        return self.about.purpose

    @property
    def service_item(self) -> str:
        """事项."""
        return self.about.service_item

    @property
    def case(self) -> str:
        """办件编号."""
        return self.about.case

"""The one error root of the room: what went wrong, and what to do next, in Chinese and in English.

Messages hold causes and next steps, never the value that was refused: a refused value may be a citizen's number.

Example:
    >>> error = CertificatesError(zh="密钥已锁。请检查口令。", en="The key is locked. Check the passphrase.")
    >>> error.en
    'The key is locked. Check the passphrase.'
"""


class CertificatesError(Exception):
    """Anything that this room refuses or cannot do.

    Attributes:
        zh: Cause and next step in Chinese.
        en: The same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh = zh
        self.en = en

"""What can be wrong with a place of files on another machine; the faults of all sources stand in `faults`.

>>> SecretMissing("health_sftp", "host_key").en[:60]
'health_sftp: a secret is missing; write it into HUB_HOME/secr'
"""

from registries.connectors.faults import SourceFault


class SecretMissing(SourceFault):
    """Raised when a place needs a secret that nobody has given."""

    def __init__(self, server: str, what: str) -> None:
        super().__init__(
            server,
            f"缺少机密, 请写入 HUB_HOME/secrets/source_{server}.{what} (权限 0600)",
            f"a secret is missing; write it into HUB_HOME/secrets/source_{server}.{what} (mode 0600)",
        )


class SecretUnusable(SourceFault):
    """Raised when a secret is not what it should be; `what` is its name, never its value."""

    def __init__(self, server: str, what: str, form: str) -> None:
        super().__init__(
            server,
            f"机密 source_{server}.{what} 不可用, 应为 {form}",
            f"secret source_{server}.{what} can't be used; it should be {form}",
        )


class AccessRefused(SourceFault):
    """Raised when a place does not accept account, password or key, or does not let that account read."""

    def __init__(self, server: str) -> None:
        super().__init__(
            server,
            "对方拒绝了账号、口令或密钥, 或该账号无权读取, 请与对方核对账号、密钥与目录权限",
            "the account, its password or its key was refused, or may not read there; check account, key and rights "
            "with the department",
        )


class UnknownHost(SourceFault):
    """Raised when nobody has said which host key is right; nothing was sent to the host but a greeting."""

    def __init__(self, server: str, fingerprint: str) -> None:
        super().__init__(
            server,
            f"未知主机, 其主机密钥指纹为 {fingerprint}; 请通过其他渠道与对方核对, 一致后将主机密钥 "
            f"(ssh-keyscan 的一行, 或该指纹) 写入 HUB_HOME/secrets/source_{server}.host_key",
            f"an unknown host whose key has the fingerprint {fingerprint}; check it with the department by another "
            f"way, then write the host key (a line of ssh-keyscan, or this fingerprint) into "
            f"HUB_HOME/secrets/source_{server}.host_key",
        )
        self.fingerprint = fingerprint


class OtherHostKey(SourceFault):
    """Raised when a host shows another key than the one that was agreed: it was changed, or it is another host."""

    def __init__(self, server: str, fingerprint: str) -> None:
        super().__init__(
            server,
            f"主机密钥与约定的不同 (现为 {fingerprint}), 可能是对方更换了密钥, 也可能有人冒充; 未发送口令。"
            f"请与对方核对后再更新 HUB_HOME/secrets/source_{server}.host_key",
            f"the host shows another key than agreed (fingerprint {fingerprint}): it was changed, or somebody poses as "
            f"the host; no password was sent. Check it with the department before you change "
            f"HUB_HOME/secrets/source_{server}.host_key",
        )
        self.fingerprint = fingerprint


class NoSuchPlace(SourceFault):
    """Raised when the folder or bucket of an address does not exist on its server."""

    def __init__(self, server: str) -> None:
        super().__init__(
            server,
            "服务器上没有地址中的目录或存储桶, 请与对方核对, 并检查 HUB_HOME/sources.json",
            "the server has no such folder or bucket; check with the department, and look at HUB_HOME/sources.json",
        )

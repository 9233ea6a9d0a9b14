"""What can go wrong with people and clients; each says its cause, the next step, and how it looks on the wire.

>>> WrongCode().kind.name
'wrong-code'
"""

from http import HTTPStatus
from typing import ClassVar

from exchange_api.errors import ExchangeApiError, Kind, SignInNeeded


class PeopleError(ExchangeApiError):
    """The root of this package's errors: raised only through its children."""


class WrongCode(PeopleError):
    """Raised when a one-time code or a recovery code is not right, or has counted before."""

    kind: ClassVar[Kind] = Kind("wrong-code", HTTPStatus.UNAUTHORIZED, "验证码不正确", "Wrong code")

    def __init__(self) -> None:
        super().__init__(
            "动态验证码不正确或已用过。请等待下一个验证码，或使用恢复码",
            "the code is not right or was used; wait for the next one, or use a recovery code",
        )


class AccountLocked(PeopleError):
    """Raised when somebody signs in rightly to an account that was locked for inspection."""

    kind: ClassVar[Kind] = Kind("account-locked", HTTPStatus.FORBIDDEN, "账号已锁定", "Account locked")

    def __init__(self) -> None:
        super().__init__(
            "该账号已锁定待核查。请联系本部门管理员和监督检查人员",
            "this account is locked for inspection; ask your administrator and the inspector",
        )


class ConfirmationNeeded(SignInNeeded):
    """Raised when an act needs its person confirmed by password or code, and the last time is too long ago."""

    kind: ClassVar[Kind] = Kind("confirmation-needed", HTTPStatus.FORBIDDEN, "需要再次确认", "Confirmation needed")
    place = "/account/confirm"

    def __init__(self, came_from: str) -> None:
        super().__init__(came_from)
        self.zh, self.en = "请用口令或动态验证码再次确认身份", "confirm who you are by password or code"


class WeakPassword(PeopleError):
    """Raised when a new password is too short, too common, the login itself, or the old one."""

    kind: ClassVar[Kind] = Kind("weak-password", HTTPStatus.UNPROCESSABLE_ENTITY, "口令过弱", "Weak password")

    def __init__(self, shortest: int) -> None:
        super().__init__(
            f"新口令至少 {shortest} 个字符，不含账号名，不是常见口令，且与原口令不同。请换一个（可用一句话）",
            f"a password has at least {shortest} characters, not the account's name, is not common and not the old"
            " one; choose another, a sentence for instance",
        )


class PasswordsDiffer(PeopleError):
    """Raised when the new password was not typed twice alike."""

    kind: ClassVar[Kind] = Kind("passwords-differ", HTTPStatus.UNPROCESSABLE_ENTITY, "两次不一致", "Passwords differ")

    def __init__(self) -> None:
        super().__init__("两次输入的新口令不一致。请重新输入", "the new passwords differ; type them again")


class LoginTaken(PeopleError):
    """Raised when another account has that login."""

    kind: ClassVar[Kind] = Kind("login-taken", HTTPStatus.CONFLICT, "账号名已使用", "Login taken")

    def __init__(self) -> None:
        super().__init__("该账号名已被使用。请换一个", "that login is taken; choose another")


class MalformedAccount(PeopleError):
    """Raised when an account's login, name, department or roles can't be as given; names the field."""

    kind: ClassVar[Kind] = Kind("malformed-account", HTTPStatus.UNPROCESSABLE_ENTITY, "账号内容不合规", "Bad account")
    _WORDS: ClassVar[dict[str, tuple[str, str]]] = {
        "login": (
            "账号名应为 2 至 64 个小写字母、数字或 . _ -",
            "a login has 2 to 64 lower-case letters, digits or . _ -",
        ),
        "name": ("请填写姓名（1 至 64 个字符）", "give a name of 1 to 64 characters"),
        "department": ("没有这个部门。请从列表中选择", "there is no such department; choose one from the list"),
        "roles": ("请至少选择一个角色", "choose at least one role"),
        "subject": ("请填写统一身份认证中的用户标识（1 至 255 个字符）", "give the person's subject at the provider"),
    }

    def __init__(self, field: str) -> None:
        super().__init__(*self._WORDS[field], member=field)


class RolesNotYours(PeopleError):
    """Raised when an administrator gives, takes or touches roles that only a hub administrator may."""

    kind: ClassVar[Kind] = Kind("roles-not-yours", HTTPStatus.FORBIDDEN, "无权授予该角色", "Roles not yours to give")

    def __init__(self) -> None:
        super().__init__(
            "平台管理员、审计人员和监督检查人员的账号只能由平台管理员管理。请联系数据主管部门",
            "accounts of hub administrators, auditors and inspectors are a hub administrator's; ask the authority",
        )


class NotOneself(PeopleError):
    """Raised when an administrator changes its own roles or closes its own account."""

    kind: ClassVar[Kind] = Kind("not-oneself", HTTPStatus.CONFLICT, "不能更改自己", "Not one's own account")

    def __init__(self) -> None:
        super().__init__(
            "不能更改自己的角色或停用自己的账号。请由另一位管理员办理",
            "nobody changes its own roles or closes its own account; ask another administrator",
        )


class LastAdministrator(PeopleError):
    """Raised when the last hub administrator would be gone."""

    kind: ClassVar[Kind] = Kind("last-administrator", HTTPStatus.CONFLICT, "最后一位平台管理员", "Last administrator")

    def __init__(self) -> None:
        super().__init__(
            "这是最后一位平台管理员。请先为另一账号授予该角色",
            "this is the last hub administrator; give another account that role first",
        )


class NotLinked(PeopleError):
    """Raised when a person known to a provider has no account here, or one that is closed."""

    kind: ClassVar[Kind] = Kind("not-linked", HTTPStatus.FORBIDDEN, "账号未绑定", "Not linked")

    def __init__(self) -> None:
        super().__init__(
            "统一身份认证成功，但未绑定本平台账号。请联系本部门管理员绑定后再试",
            "the provider knows you, but no account here is linked with you; ask your department's administrator",
        )


class IdentityTaken(PeopleError):
    """Raised when a person at a provider is linked with an account already."""

    kind: ClassVar[Kind] = Kind("identity-taken", HTTPStatus.CONFLICT, "身份已绑定", "Identity taken")

    def __init__(self) -> None:
        super().__init__(
            "该统一身份已绑定账号。请先在原账号解除绑定", "that identity is linked already; unlink it there first"
        )


class ForeignSignInFailed(PeopleError):
    """Raised when what a provider sent back does not hold: state, issuer, nonce, signature, audience or time."""

    kind: ClassVar[Kind] = Kind("foreign-sign-in-failed", HTTPStatus.UNAUTHORIZED, "统一认证失败", "Sign-in failed")

    def __init__(self) -> None:
        super().__init__(
            "统一身份认证未完成或已过期。请回到登录页重新开始",
            "signing in at the provider did not complete, or took too long; start again from the sign-in page",
        )


class ProviderDown(PeopleError):
    """Raised when a provider can't be reached or answers nonsense; local accounts still work."""

    kind: ClassVar[Kind] = Kind("provider-down", HTTPStatus.SERVICE_UNAVAILABLE, "统一认证不可用", "Provider down")

    def __init__(self) -> None:
        super().__init__(
            "统一身份认证服务暂不可用。请稍后再试，或用本平台账号登录",
            "the identity provider can't be reached; try again later, or sign in with an account of this hub",
        )


class ClientIdTaken(PeopleError):
    """Raised when a client of that id exists, whosever it is."""

    kind: ClassVar[Kind] = Kind("client-id-taken", HTTPStatus.CONFLICT, "客户端编号已使用", "Client id taken")

    def __init__(self) -> None:
        super().__init__("该客户端编号已被使用。请换一个", "that client id is taken; choose another")


class MalformedClient(PeopleError):
    """Raised when a client's id or name can't be as given."""

    kind: ClassVar[Kind] = Kind("malformed-client", HTTPStatus.UNPROCESSABLE_ENTITY, "客户端内容不合规", "Bad client")

    def __init__(self) -> None:
        super().__init__(
            "客户端编号应为 3 至 64 个字母、数字或 . _ : -，并填写系统名称",
            "a client id has 3 to 64 letters, digits or . _ : -, and a client has a name",
        )


class BadKeyProof(PeopleError):
    """Raised when a key's proof of possession does not hold, or its challenge was used or is too old."""

    kind: ClassVar[Kind] = Kind("bad-key-proof", HTTPStatus.UNPROCESSABLE_ENTITY, "持有证明不成立", "Bad key proof")

    def __init__(self) -> None:
        super().__init__(
            "公钥与签名不符，或质询已用过、已过期。请用页面上的新质询重新签名",
            "the proof is not by this key, or its challenge was used or is too old; sign the new one on the page",
        )


class KeyKnown(PeopleError):
    """Raised when a key is registered already, as whosever, in use or revoked."""

    kind: ClassVar[Kind] = Kind("key-known", HTTPStatus.CONFLICT, "公钥已登记过", "Key known")

    def __init__(self) -> None:
        super().__init__(
            "该公钥已登记过（含已停用的）。请生成新的密钥", "that key was registered before; make a new one"
        )


class SuspendedForInspection(PeopleError):
    """Raised when an administrator would lift what an inspection stopped, or a revocation, which is for good."""

    kind: ClassVar[Kind] = Kind("suspended-for-inspection", HTTPStatus.CONFLICT, "不能恢复", "Can't be lifted here")

    def __init__(self) -> None:
        super().__init__(
            "因核查停用的由监督检查人员恢复，已注销的不能恢复。请联系监督检查人员，或重新登记",
            "an inspector lifts what an inspection stopped, and what is revoked stays so; ask one, or register anew",
        )


class UndeclaredRoutes(Exception):
    """Raised when the application has routes that do not say who may call them; it does not start. For developers."""

    def __init__(self, routes: list[str]) -> None:
        super().__init__(f"say who may call these, see exchange_api/people/roles.py: {', '.join(routes)}")
        self.routes = routes

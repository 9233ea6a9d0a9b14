"""What can go wrong while answering, and the one table that says what it is on the wire (RFC 9457).

Errors know nothing of HTTP; `kind_of(error)` looks an error up in `KINDS`, by its class and then its ancestors. An
error of another package says its kind itself, as the class attribute `kind`.
Every problem has a code and a page that stay, a title, the error's own cause and next step in both languages.

    >>> kind_of(Overloaded()).name, kind_of(Overloaded()).place
    ('overloaded', '/problems/overloaded')
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from certificates.documents.errors import BadMark, CaseTooLarge, DocumentsMissing, EmptyCase
from certificates.errors import CertificatesError
from certificates.pushes import MalformedDelivery
from certificates.records import MalformedQuestion
from certificates.requests import (
    BadRequestId,
    FromTheFuture,
    LivesTooLong,
    MalformedRequest,
    Stale,
    WrongAudience,
    WrongUrl,
)
from registries.errors import LedgerDamaged, LedgerSetBack, RegistriesError, StoreDown
from registries.landing_faults import LandingFailed


@dataclass(frozen=True)
class Kind:
    """How an error looks on the wire: its stable code, HTTP status and title."""

    name: str
    status: HTTPStatus
    title_zh: str
    title_en: str

    @property
    def place(self) -> str:
        """The page that explains it, below the hub's address; never changes once given out."""
        return f"/problems/{self.name}"


class ExchangeApiError(Exception):
    """The root: raised only through its children. `zh` and `en` give cause and next step, never personal data.

    `members` are what a program needs beside the words: they stand in the problem document, too.
    `kind` is how it looks on the wire, for errors that do not stand in this module's table.
    """

    kind: ClassVar[Kind | None] = None

    def __init__(self, zh: str, en: str, **members: int | str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.members = members


class Overloaded(ExchangeApiError):
    """Raised when more questions wait than can be answered in good time, or the hub is closing."""

    def __init__(self) -> None:
        super().__init__("当前请求过多,请稍后重试", "too many questions are waiting; try again in a moment")


class BodyTooLarge(ExchangeApiError):
    """Raised when a request's body is larger than its place allows."""

    def __init__(self) -> None:
        super().__init__(
            "请求内容超过上限。请拆分后分次提交;大批量数据请走前置机或接口",
            "the body is larger than allowed here; send it in parts, or large deliveries through a source",
        )


class WrongMediaType(ExchangeApiError):
    """Raised when a request's content type is not one that its place reads."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"请以 {expected} 类型提交内容", f"send the body as {expected}")


class NotAForm(ExchangeApiError):
    """Raised when a form can't be read: broken boundaries, too many fields or files."""

    def __init__(self) -> None:
        super().__init__(
            "表单无法读取,请刷新页面后重新提交", "the form can't be read; reload the page and send it again"
        )


class TokenRefused(ExchangeApiError):
    """Any refusal of a signed request by its form, key or signature; its subclasses are what is raised.

    Attributes:
        reason: a code that is counted for operators, and told to nobody outside.
    """

    def __init__(self, zh: str, en: str, reason: str) -> None:
        super().__init__(zh, en)
        self.reason = reason


class NotASignedRequest(TokenRefused):
    """Raised when a body is not a compact JWS with the header and claims of a request."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "请求不是签名请求:应为紧凑格式 JWS,头部仅含 alg、kid、typ,载荷含 iss 与 question",
            "this is not a signed request: a compact JWS is needed, with alg, kid and typ alone in its header and "
            "iss and question in its payload",
            reason,
        )


class NotVerified(TokenRefused):
    """Raised when a request is not provably from a registered client; one error for every reason, on purpose."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "请求签名未通过验证。请确认客户端编号、所用密钥已登记,且签名覆盖的内容未被改动",
            "the request's signature was not verified; check that the client and its key are registered and that "
            "what was signed is what was sent",
            reason,
        )


class RequestReused(ExchangeApiError):
    """Raised when a request identifier comes again with other content."""

    def __init__(self) -> None:
        super().__init__(
            "该请求编号(jti)已用于另一内容的请求。请为每次新的核验使用新的随机编号",
            "this jti was used for a request with other content; use a new random one for each new question",
        )


class SignInNeeded(ExchangeApiError):
    """Raised when a page needs a signed-in account; pages send the visitor to `place` and back."""

    place = "/sign-in"

    def __init__(self, came_from: str) -> None:
        super().__init__("请先登录", "sign in first")
        self.came_from = came_from


class SignInRefused(ExchangeApiError):
    """Raised when login and password don't fit together; never says which of the two was wrong."""

    def __init__(self) -> None:
        super().__init__(
            "用户名或密码不正确。请核对后重试,或联系本部门管理员",
            "login or password is not right; check both, or ask your department's administrator",
        )


class TooManyTries(ExchangeApiError):
    """Raised when sign-in failed too often; `seconds` until the next try is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"登录失败次数过多,请 {seconds} 秒后再试",
            f"sign-in failed too often; try again in {seconds} seconds",
        )
        self.seconds = seconds


class TooManyFiles(TooManyTries):
    """Raised when one address has files verified more often than the page allows; `seconds` until the next."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.zh = f"本机验证文件过于频繁,请 {seconds} 秒后再试,或用命令行离线验证"
        self.en = f"too many files from here; try again in {seconds} seconds, or verify with the command line"
        self.args = (f"{self.zh} | {self.en}",)


class RoleMissing(ExchangeApiError):
    """Raised when an account lacks the role that a page is for."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"当前账号没有“{role}”角色。请联系本部门管理员授权",
            f"this account lacks the role {role}; ask your department's administrator",
        )


class FormNotOurs(ExchangeApiError):
    """Raised when a form was not sent from a page of this hub (cross-site request forgery), or is too old."""

    def __init__(self) -> None:
        super().__init__(
            "页面已失效或来源不符。请刷新页面后重新提交",
            "the page is out of date or the form came from elsewhere; reload it and send again",
        )


class NotFound(ExchangeApiError):
    """Raised when something does not exist, or belongs to another department: one answer for both."""

    def __init__(self, what_zh: str, what_en: str) -> None:
        super().__init__(
            f"没有找到{what_zh},或它不属于本部门。请从列表页重新进入",
            f"there is no such {what_en}, or it belongs to another department; start again from the list",
        )


class NotAtThatTime(ExchangeApiError):
    """Raised when something is asked for as it was at a time that lies ahead, or before it began."""

    def __init__(self) -> None:
        super().__init__(
            "该时间没有可提供的版本。请核对时间(Unix 秒);不带 time 参数可取得当前版本",
            "there is nothing for that time; check it (Unix seconds), or leave out `time` for the present",
        )


class NoCredential(ExchangeApiError):
    """Raised when no credential can be issued: the answer is not valid, or no status can be kept for it."""

    def __init__(self) -> None:
        super().__init__(
            "不能出具核验件:仅对核验结论为有效、且数据已归集无疑义的证照出具。请先核验并以回执为准",
            "no credential can be issued: only for a valid answer about a certificate that the hub holds and that is "
            "in no doubt; verify it first, and rely on the receipt",
        )


class NotADelivery(ExchangeApiError):
    """Raised when an uploaded file is not one that this dataset is delivered in."""

    def __init__(self) -> None:
        super().__init__(
            "请上传 .xlsx、.csv、.jsonl 或 .parquet 文件", "upload a file that ends in .xlsx, .csv, .jsonl or .parquet"
        )


class NotASignedPush(TokenRefused):
    """Raised when a request about deliveries lacks the header Hub-Request, has it twice, or it is no compact JWS."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "缺少签名请求:请在唯一的 Hub-Request 头中给出类型为 hub-push+jwt 的紧凑格式 JWS",
            "the signed request is missing: give a compact JWS of type hub-push+jwt in one header Hub-Request",
            reason,
        )


class MayNotPush(ExchangeApiError):
    """Raised when a known client is suspended, or has no right to push; says nothing about any dataset."""

    def __init__(self) -> None:
        super().__init__(
            "该客户端没有推送数据的权限,或已停用。请向数据主管部门申请推送权限",
            "this client may not push, or is suspended; ask the data administration for the right to push",
        )


class NotPushed(ExchangeApiError):
    """Raised when a dataset of the client's own department comes by another way than by pushes."""

    def __init__(self) -> None:
        super().__init__(
            "该数据资源按契约不以推送方式提供。请按契约的方式提供,或先修订契约",
            "by its contract this dataset is not pushed; deliver it as the contract says, or change the contract first",
        )


class BodyDiffers(ExchangeApiError):
    """Raised when a body is not the one that was signed: another digest, or another number of lines."""

    def __init__(self) -> None:
        super().__init__(
            "收到的正文与签名中的 body_digest 或 rows 不一致,未保留任何内容。请对实际发送的字节重新计算后签名",
            "the body is not the one that was signed: its digest or its rows differ; nothing was kept; sign the digest "
            "and the rows of the bytes that you send",
        )


class BodyStalled(ExchangeApiError):
    """Raised when a body stops coming, or its sender goes away."""

    def __init__(self) -> None:
        super().__init__(
            "正文传输中断或过慢,未保留任何内容。请以同一序号重新发送",
            "the body stopped coming; nothing was kept; send it again under the same sequence",
        )


class TooManyRows(ExchangeApiError):
    """Raised when one delivery has more rows than a push may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"一次推送最多 {most} 行。请分多次推送,序号依次递增",
            f"a push has at most {most} rows; send several, each with a higher sequence",
        )


class SequenceTaken(ExchangeApiError):
    """Raised when another body was delivered under the same sequence."""

    def __init__(self, next_sequence: int) -> None:
        super().__init__(
            f"该序号已用于另一份内容。新内容请使用序号 {next_sequence}",
            f"another body was delivered under this sequence; deliver new content as sequence {next_sequence}",
            next_sequence=next_sequence,
        )


class TooLate(ExchangeApiError):
    """Raised when a sequence lies behind one that was taken, and no watermark tells which of two rows is newer."""

    def __init__(self, next_sequence: int) -> None:
        super().__init__(
            f"序号早于已接收的批次,而契约没有水位列,无法判断行的新旧。请核对后使用序号 {next_sequence}",
            "a later sequence was taken before, and the contract has no watermark to tell which rows are newer; check "
            f"what you send and deliver it as sequence {next_sequence}",
            next_sequence=next_sequence,
        )


class TooManyWaiting(ExchangeApiError):
    """Raised when too many deliveries of one client wait to be taken in."""

    def __init__(self) -> None:
        super().__init__(
            "待归集的推送过多,请等前面的批次完成后以同一序号重试",
            "too many of your deliveries are waiting; try again under the same sequence when some are done",
        )


class DeliveryRefused(ExchangeApiError):
    """Raised when a pushed body could not be read as the contract's rows; the cause names row numbers only."""

    def __init__(self, zh: str, en: str, delivery: int, next_sequence: int) -> None:
        super().__init__(zh, en, delivery=delivery, next_sequence=next_sequence)


class ServerNotReady(ExchangeApiError):
    """Raised when the hub can't answer now although nothing is wrong with the question."""

    def __init__(self) -> None:
        super().__init__("枢纽暂时无法作答,请稍后重试", "the hub can't answer at the moment; try again later")


def _kind(name: str, status: HTTPStatus, title_zh: str, title_en: str) -> Kind:
    return Kind(name, status, title_zh, title_en)


KINDS: Mapping[type[Exception], Kind] = {
    # what the asker can mend
    NotASignedRequest: _kind("not-a-signed-request", HTTPStatus.BAD_REQUEST, "不是签名请求", "Not a signed request"),
    NotAForm: _kind("not-a-form", HTTPStatus.BAD_REQUEST, "表单无法读取", "Unreadable form"),
    NotADelivery: _kind("not-a-delivery", HTTPStatus.BAD_REQUEST, "文件类型不符", "Wrong kind of file"),
    BodyTooLarge: _kind("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "内容过大", "Body too large"),
    WrongMediaType: _kind(
        "wrong-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "内容类型不符", "Unsupported media type"
    ),
    MalformedQuestion: _kind(
        "malformed-question", HTTPStatus.UNPROCESSABLE_ENTITY, "核验请求不合规", "Malformed question"
    ),
    MalformedRequest: _kind("malformed-request", HTTPStatus.BAD_REQUEST, "请求声明不合规", "Malformed request"),
    BadRequestId: _kind("bad-request-id", HTTPStatus.BAD_REQUEST, "请求编号不合规", "Bad request identifier"),
    LivesTooLong: _kind("lives-too-long", HTTPStatus.BAD_REQUEST, "请求有效期过长", "Request lives too long"),
    NotVerified: _kind("not-verified", HTTPStatus.UNAUTHORIZED, "请求未通过验证", "Request not verified"),
    Stale: _kind("stale", HTTPStatus.UNAUTHORIZED, "请求已过期", "Request has expired"),
    FromTheFuture: _kind("from-the-future", HTTPStatus.UNAUTHORIZED, "请求时间在将来", "Request from the future"),
    WrongAudience: _kind("wrong-audience", HTTPStatus.UNAUTHORIZED, "请求对象不符", "Wrong audience"),
    WrongUrl: _kind("wrong-url", HTTPStatus.UNAUTHORIZED, "接口地址不符", "Wrong address"),
    RequestReused: _kind("request-reused", HTTPStatus.CONFLICT, "请求编号重复", "Request identifier used before"),
    MalformedDelivery: _kind("malformed-delivery", HTTPStatus.BAD_REQUEST, "推送声明不合规", "Malformed delivery"),
    # publishers' systems
    NotASignedPush: _kind("not-a-signed-push", HTTPStatus.BAD_REQUEST, "不是签名推送", "Not a signed push"),
    MayNotPush: _kind("may-not-push", HTTPStatus.FORBIDDEN, "没有推送权限", "May not push"),
    NotPushed: _kind("not-pushed", HTTPStatus.CONFLICT, "不以推送方式提供", "Dataset is not pushed"),
    BodyDiffers: _kind("body-differs", HTTPStatus.BAD_REQUEST, "正文与签名不一致", "Body differs from what was signed"),
    BodyStalled: _kind("body-stalled", HTTPStatus.REQUEST_TIMEOUT, "正文传输中断", "Body stopped coming"),
    TooManyRows: _kind("too-many-rows", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "行数过多", "Too many rows"),
    SequenceTaken: _kind("sequence-taken", HTTPStatus.CONFLICT, "序号已使用", "Sequence used before"),
    TooLate: _kind("too-late", HTTPStatus.CONFLICT, "批次过时", "Delivery comes too late"),
    TooManyWaiting: _kind("too-many-waiting", HTTPStatus.SERVICE_UNAVAILABLE, "待归集批次过多", "Too many waiting"),
    DeliveryRefused: _kind(
        "delivery-refused", HTTPStatus.UNPROCESSABLE_ENTITY, "推送内容无法读取", "Delivery can't be read"
    ),
    # people at pages
    SignInNeeded: _kind("sign-in-needed", HTTPStatus.UNAUTHORIZED, "需要登录", "Sign-in needed"),
    SignInRefused: _kind("sign-in-refused", HTTPStatus.UNAUTHORIZED, "登录失败", "Sign-in refused"),
    TooManyTries: _kind("too-many-tries", HTTPStatus.TOO_MANY_REQUESTS, "尝试过多", "Too many tries"),
    RoleMissing: _kind("role-missing", HTTPStatus.FORBIDDEN, "没有权限", "Role missing"),
    FormNotOurs: _kind("form-not-ours", HTTPStatus.FORBIDDEN, "页面已失效", "Form out of date"),
    NotAtThatTime: _kind("not-at-that-time", HTTPStatus.NOT_ACCEPTABLE, "该时间无版本", "Nothing for that time"),
    NoCredential: _kind("no-credential", HTTPStatus.CONFLICT, "不能出具核验件", "No credential"),
    BadMark: _kind("bad-mark", HTTPStatus.UNPROCESSABLE_ENTITY, "加注内容不合规", "Bad mark"),
    CaseTooLarge: _kind("case-too-large", HTTPStatus.UNPROCESSABLE_ENTITY, "办件回执过多", "Too many receipts"),
    EmptyCase: _kind("empty-case", HTTPStatus.NOT_FOUND, "没有该办件的回执", "No receipt of this case"),
    NotFound: _kind("not-found", HTTPStatus.NOT_FOUND, "没有找到", "Not found"),
    # what the hub or its operator has to mend
    Overloaded: _kind("overloaded", HTTPStatus.SERVICE_UNAVAILABLE, "请求过多", "Overloaded"),
    DocumentsMissing: _kind("documents-missing", HTTPStatus.NOT_IMPLEMENTED, "不能生成文档", "No documents here"),
    LandingFailed: _kind("landing-failed", HTTPStatus.SERVICE_UNAVAILABLE, "无法落地", "Nothing can be landed"),
    StoreDown: _kind("store-down", HTTPStatus.SERVICE_UNAVAILABLE, "数据库不可用", "Store not available"),
    LedgerDamaged: _kind("ledger-damaged", HTTPStatus.SERVICE_UNAVAILABLE, "存证日志受损", "Ledger damaged"),
    LedgerSetBack: _kind("ledger-set-back", HTTPStatus.SERVICE_UNAVAILABLE, "存证日志被回退", "Ledger set back"),
    CertificatesError: _kind("not-possible", HTTPStatus.INTERNAL_SERVER_ERROR, "无法处理", "Not possible"),
    RegistriesError: _kind("not-possible", HTTPStatus.INTERNAL_SERVER_ERROR, "无法处理", "Not possible"),
    Exception: _kind("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "内部错误", "Internal error"),
}

_OF_ROUTING = {
    HTTPStatus.BAD_REQUEST: (
        _kind("bad-request", HTTPStatus.BAD_REQUEST, "请求有误", "Bad request"),
        "请求不符合接口说明,请核对后重试",
        "the request is not as the API's description says; compare and try again",
    ),
    HTTPStatus.NOT_FOUND: (
        _kind("no-such-address", HTTPStatus.NOT_FOUND, "没有这个地址", "No such address"),
        "没有这个页面或接口,请核对地址",
        "there is no such page or interface; check the address",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        _kind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "方法不允许", "Method not allowed"),
        "该地址不接受此请求方法,允许的方法见 Allow 头",
        "this address does not take that method; see the Allow header",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        _kind("wrong-members", HTTPStatus.UNPROCESSABLE_ENTITY, "参数有误", "Wrong members"),
        "请求缺少参数或参数取值不合规,见 members",
        "members are missing or have values that are not allowed; see members",
    ),
}
KINDS_OF_STATUS: Mapping[HTTPStatus, tuple[Kind, str, str]] = _OF_ROUTING
"""Refusals of routing itself, which have no error of ours: kind, cause and next step in Chinese and in English."""


def kind_of(error: Exception) -> Kind:
    """The row for an error: that of its class, or of the nearest ancestor."""
    return next(kind for ancestor in type(error).__mro__ if (kind := _own_kind(ancestor)) is not None)


def all_kinds() -> dict[str, Kind]:
    """Every problem that there is, by its code; those of packages that have been imported."""
    found = [*(kind for _, kind in classes_of_kinds()), *(kind for kind, _, _ in KINDS_OF_STATUS.values())]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)}


def classes_of_kinds() -> list[tuple[type[Exception], Kind]]:
    """Every error with a kind of its own, and that kind."""
    found = ((one, _own_kind(one)) for one in dict.fromkeys([*KINDS, *_below(ExchangeApiError)]))
    return [(one, kind) for one, kind in found if kind is not None]


def _own_kind(error: type) -> Kind | None:
    own: Kind | None = KINDS.get(error) or vars(error).get("kind")
    return own


def _below(error: type[Exception]) -> list[type[Exception]]:
    return [one for child in error.__subclasses__() for one in (child, *_below(child))]

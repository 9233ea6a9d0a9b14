"""What an integrator's acceptance asks for; each requirement is one function over a `Trial`, told in both languages.

[requirement.code for requirement in REQUIREMENTS]
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from certificates.errors import CertificatesError
from certificates.jose import new_key
from exchange_api.client import ClientError
from exchange_api.conformance.trial import Came, Trial, Unmet
from exchange_api.errors import ExchangeApiError

_MEMBERS: Final = ("type", "code", "title", "title_en", "status", "detail", "detail_en")
_TOO_LARGE: Final = 70_000


class DoesNotApply(ExchangeApiError):
    """Raised when a requirement is about something that is not here."""

    def __init__(self) -> None:
        super().__init__("此项不适用,无需处理", "this does not apply here; nothing needs to be done")


@dataclass(frozen=True)
class Requirement:
    """One requirement; `check` raises Unmet, or DoesNotApply."""

    code: str
    zh: str
    en: str
    check: Callable[[Trial], None]


REQUIREMENTS: Final[list[Requirement]] = []


def _requirement(code: str, zh: str) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    def kept(check: Callable[[Trial], None]) -> Callable[[Trial], None]:
        REQUIREMENTS.append(Requirement(code, zh, (check.__doc__ or "").removesuffix("."), check))
        return check

    return kept


def refused_as(trial: Trial, token: str, status: int, *codes: str) -> Came:
    """That a request is refused so, with a whole problem document."""
    came = trial.post(token)
    if (came.status, came.code) not in {(status, code) for code in codes}:
        raise Unmet(f"应为 {status} {codes[0]}，实为 {came.status} {came.code}", f"{status} {codes[0]} was expected")
    if any(not came.body.get(member) for member in _MEMBERS):
        raise Unmet("问题文档缺少成员", "the problem document lacks a member")
    return came


def answered(trial: Trial, question: Mapping[str, str]) -> tuple[str, Came]:
    """A question's token and the answer that came."""
    token = trial.token(trial.claims(question))
    came = trial.post(token)
    if came.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise Unmet(
            f"应得到签名回执，实为 {came.status} {came.code}", f"no signed receipt came: {came.status} {came.code}"
        )
    return token, came


@_requirement("keys", "枢纽公钥可取得，且由其信任根签署")
def keys(trial: Trial) -> None:
    """The hub's keys can be had, signed by its trust root."""
    came = trial.get("/v1/keys.jwks")
    purposes = {entry.get("purpose") for entry in came.body.get("keys", [])}
    if not {"receipt", "checkpoint", "root"} <= purposes or not came.body.get("signatures"):
        raise Unmet("公钥集不完整或未签署", "the key set is not whole, or not signed")


@_requirement("receipt", "签名请求得到可核实的签名回执和存证证明")
def receipt(trial: Trial) -> None:
    """A signed request gets a receipt and a proof that verify."""
    token, came = answered(trial, trial.question)
    try:
        trial.verified(token, came)
    except ClientError as error:
        raise Unmet(error.zh, error.en) from None


@_requirement("same-again", "同一请求重发，得到同一回执")
def same_again(trial: Trial) -> None:
    """The same request again gets the same receipt."""
    token, first = answered(trial, trial.question)
    again = str(trial.post(token).body.get("receipt"))
    # what was signed, not the signature: it may be made again, and ECDSA's differ each time
    if again.rpartition(".")[0] != str(first.body["receipt"]).rpartition(".")[0]:
        raise Unmet("两次回执不同", "another receipt came")


@_requirement("reused", "同一 jti 用于其他内容，被拒绝")
def reused(trial: Trial) -> None:
    """The same jti with other content is refused."""
    jti = secrets.token_urlsafe(24)
    trial.post(trial.token(trial.claims(jti=jti)))
    refused_as(trial, trial.token(trial.claims({**trial.question, "case": "other"}, jti=jti)), 409, "request-reused")


@_requirement("clock", "过期、在将来、有效期过长的请求被拒绝")
def clock(trial: Trial) -> None:
    """Requests that are stale, ahead or too long are refused."""
    now = int(trial.claims()["iat"])
    refused_as(trial, trial.token(trial.claims(iat=now - 600, exp=now - 540)), 401, "stale")
    refused_as(trial, trial.token(trial.claims(iat=now + 600, exp=now + 660)), 401, "from-the-future")
    refused_as(trial, trial.token(trial.claims(exp=now + 3600)), 400, "lives-too-long")


@_requirement("addressed", "发给别处的请求被拒绝")
def addressed(trial: Trial) -> None:
    """Requests for another hub or another address are refused."""
    refused_as(trial, trial.token(trial.claims(aud="https://other.example")), 401, "wrong-audience")
    refused_as(trial, trial.token(trial.claims(url=trial.client.hub + "/v1/other")), 401, "wrong-url")


@_requirement("signature", "他人密钥、被改动、未签名的请求被拒绝")
def signature(trial: Trial) -> None:
    """Other keys, changes and missing signatures are refused."""
    claims = trial.claims()
    good = trial.token(claims)
    refused_as(trial, trial.token(claims, new_key("ES256")), 401, "not-verified")
    header, _, mark = good.split(".")
    other = trial.token(trial.claims({**trial.question, "case": "other"})).split(".")[1]
    refused_as(trial, f"{header}.{other}.{mark}", 401, "not-verified")
    refused_as(trial, f"{good[: good.rindex('.')]}.", 400, "not-a-signed-request")
    refused_as(trial, trial.token(claims, typ="hub-push+jwt"), 401, "not-verified")


@_requirement("members", "内容不合规时指出是哪一项，不复述其值")
def members(trial: Trial) -> None:
    """What is malformed is named, and never repeated."""
    wrong = "wrong-" + secrets.token_hex(4)
    question = {**trial.question, "certificate_type": wrong}
    came = refused_as(trial, trial.token(trial.claims(question)), 422, "malformed-question")
    told = f"{came.body['detail']} {came.body['detail_en']}"
    if "certificate_type" not in told or wrong in told:
        raise Unmet("未指出成员，或复述了其值", "the member is not named, or its value is repeated")


@_requirement("media-type", "其他内容类型和过大的内容被拒绝")
def media_type(trial: Trial) -> None:
    """Other media types and bodies that are too large are refused."""
    if (came := trial.post(trial.token(trial.claims()), "application/json")).status != 415:  # noqa: PLR2004 - HTTP's own
        raise Unmet(f"应为 415，实为 {came.status}", f"415 was expected, {came.status} came")
    if (came := trial.post("x" * _TOO_LARGE)).status != 413:  # noqa: PLR2004 - as above
        raise Unmet(f"应为 413，实为 {came.status}", f"413 was expected, {came.status} came")


@_requirement("no-match", "编号不存在与主体不符，回答完全一样")
def no_match(trial: Trial) -> None:
    """No such number and another holder get one and the same answer."""
    unknown = {**trial.question, "certificate_number": "CONFORM" + secrets.token_hex(8).upper()}
    other = {**trial.question, "holder_name": trial.question["holder_name"] + "二"}
    contents = [_without_time(answered(trial, question)[1].body["verdict"]) for question in (unknown, other)]
    if contents[0] != contents[1]:
        raise Unmet("两种回答可以区分", "the two answers can be told apart")


@_requirement("problem-page", "问题文档的 type 是可以打开的说明页")
def problem_page(trial: Trial) -> None:
    """A problem's type is a page that opens."""
    if trial.sandbox:
        raise DoesNotApply
    came = trial.post(trial.token(trial.claims(aud="https://other.example")))
    if trial.get(str(came.body.get("type")), accept="text/html").status != 200:  # noqa: PLR2004 - HTTP's own number
        raise Unmet("说明页打不开", "the page does not open")


@_requirement("not-modified", "公开的读取带 ETag，未变时返回 304")
def not_modified(trial: Trial) -> None:
    """Open reads carry an ETag, and 304 if nothing has changed."""
    if trial.sandbox:
        raise DoesNotApply
    mark = trial.get("/v1/keys.jwks").headers.get("etag", "")
    if not mark or trial.get("/v1/keys.jwks", **{"if-none-match": mark}).status != 304:  # noqa: PLR2004 - as above
        raise Unmet("没有 ETag，或未返回 304", "there is no ETag, or no 304 came")


@_requirement("every-verdict", "沙箱的每个编号得到约定的结论")
def every_verdict(trial: Trial) -> None:
    """Each of the sandbox's numbers comes to its answer."""
    if not trial.sandbox:
        raise DoesNotApply
    for one in _tries(trial):
        if one["busy"]:
            continue
        _, came = answered(trial, {**one["question"], "case": trial.question["case"]})
        if trial.opened(came).answer["code"] != one["code"]:
            raise Unmet(f"{one['question']['certificate_number']} 的结论不符", "another verdict came")


@_requirement("busy", "503 带 Retry-After，同一请求重发后得到回答")
def busy(trial: Trial) -> None:
    """503 has Retry-After, and the same request is answered later."""
    if not trial.sandbox:
        raise DoesNotApply
    one = next(one for one in _tries(trial) if one["busy"])
    token = trial.token(trial.claims({**one["question"], "case": trial.question["case"]}))
    first, second = trial.post(token), trial.post(token)
    if first.status != 503 or not first.headers.get("retry-after") or second.status != 200:  # noqa: PLR2004 - as above
        raise Unmet("应先 503 后 200", "503 and then 200 were expected")


def check(requirement: Requirement, trial: Trial) -> tuple[bool | None, str, str]:
    """Whether it holds (None: it does not apply), and why not, in both languages."""
    try:
        requirement.check(trial)
    except DoesNotApply:
        return None, "", ""
    except (Unmet, CertificatesError) as error:
        return False, error.zh, error.en
    return True, "", ""


def _tries(trial: Trial) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = trial.get("/sandbox/numbers").body.get("tries", [])
    return found


def _without_time(verdict: Mapping[str, Any]) -> str:
    """What an answer shows to somebody who wants to tell two apart."""
    return repr({name: value for name, value in verdict.items() if name != "asked"})

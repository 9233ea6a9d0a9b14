"""Up to a thousand questions under one signature, over HTTP; each answer proves itself alone."""

import json
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from certificates.batches import MemberAnswer, holds
from certificates.receipts import verify_receipt
from registries.home import Role
from tests.exchange_api.conftest import (
    HOLDER,
    ITEM,
    OTHER_HOLDER,
    PURPOSE,
    TYPE,
    Asking,
    Certificates,
    Clock,
    Hub,
    Served,
    serving,
    signed_content,
)

NUMBERS = [f"4405000000000{n:02}" for n in range(8)]
WHY = {"purpose": PURPOSE, "service_item": ITEM, "case": "ST-2026-0001"}


def questions(asking: Asking, *numbers: str, holder: tuple[str, str, str] = HOLDER) -> list[dict[str, str]]:
    """Questions without what the batch says once."""
    return [
        {name: text for name, text in asking.question(number, holder).items() if name not in WHY} for number in numbers
    ]


def token_of(served: Served, asking: Asking, content: dict[str, Any], **claims: object) -> str:
    return asking.token(served.url, content, url=f"{served.url}/v1/verifications/batch", **claims)


def send(served: Served, token: str) -> httpx.Response:
    headers = {"content-type": "application/jose"}
    return served.http.post("/v1/verifications/batch", content=token, headers=headers)


def answers_of(response: httpx.Response) -> list[MemberAnswer]:
    assert response.status_code == 200, response.text
    return [MemberAnswer(one["content"], one["path"]) for one in response.json()["answers"]]


def test_each_answer_stands_alone_under_the_one_receipt(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBERS[0])
    certificates.add(NUMBERS[1], valid_until="2026-03-01")
    asked = questions(asking, *NUMBERS[:3]) + questions(asking, NUMBERS[0], holder=OTHER_HOLDER)
    response = send(served, token_of(served, asking, {**WHY, "questions": asked}))
    answers = answers_of(response)
    receipt = verify_receipt(response.json()["receipt"], served.http.get("/v1/keys.jwks").json())
    assert receipt.act == "verifications"
    assert receipt.answer["tally"] == {"expired": 1, "no_match": 2, "valid": 1}
    assert [one.members()["code"] for one in answers] == ["valid", "expired", "no_match", "no_match"]
    assert all(holds(one, place, receipt.answer) for place, one in enumerate(answers))
    assert not holds(answers[0], 1, receipt.answer)
    assert answers[0].members()["certificate"]["number"] == NUMBERS[0]


def test_every_byte_of_an_answer_counts(served: Served, asking: Asking, certificates: Certificates) -> None:
    certificates.add(NUMBERS[0])
    response = send(served, token_of(served, asking, {**WHY, "questions": questions(asking, *NUMBERS[:3])}))
    receipt, answer = response.json()["verdict"], answers_of(response)[0]
    content = answer.content.encode()
    changed = (
        content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :] for at in range(len(content)) for bit in (1, 0x80)
    )
    texts = [text.decode("utf-8", "surrogateescape") for text in changed]
    readable = [text for text in texts if text.isprintable()]
    assert len(readable) > len(content) / 2
    assert not any(holds(MemberAnswer(text, answer.path), 0, receipt) for text in readable)
    assert not any(
        holds(MemberAnswer(answer.content, answer.path[:at] + other + answer.path[at + 1 :]), 0, receipt)
        for at in range(len(answer.path))
        for other in "AQ"
        if other != answer.path[at]
    )


def test_the_same_batch_is_answered_once_across_a_restart(
    hub: Hub, clock: Clock, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBERS[0])
    with serving(hub, clock) as before:
        token = token_of(before, asking, {**WHY, "questions": questions(asking, *NUMBERS)})
        first, port = send(before, token).json(), int(before.url.rsplit(":", 1)[1])
    with serving(hub, clock, port) as after:
        again = send(after, token).json()
    assert signed_content(again["receipt"]) == signed_content(first["receipt"])
    assert again["answers"] == first["answers"]
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_entry WHERE kind = 'answer'")).scalar() == 1
        asked = conn.execute(sa.text("SELECT count(*) FROM hub.ledger_asked")).scalar()
        conn.execute(sa.text("DELETE FROM hub.ledger_body"))  # what an erasure does: all that stood beside it goes, too
        assert conn.execute(sa.text("SELECT count(*) FROM hub.ledger_beside")).scalar() == 0
    assert asked == 1  # one holder


def test_types_without_a_grant_are_refused_one_by_one(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBERS[0])
    other = {**questions(asking, NUMBERS[1])[0], "certificate_type": "11100000MB03271699001"}
    content = {**WHY, "questions": [*questions(asking, NUMBERS[0]), other]}
    answers = answers_of(send(served, token_of(served, asking, content)))
    assert [one.members()["code"] for one in answers] == ["valid", "refused"]
    assert answers[1].members()["certificate"] is None


def test_a_batch_of_ungranted_types_alone_is_refused_whole(served: Served, asking: Asking) -> None:
    other = {**questions(asking, NUMBERS[1])[0], "certificate_type": "11100000MB03271699001"}
    response = send(served, token_of(served, asking, {**WHY, "questions": [other]}))
    assert response.json()["verdict"]["code"] == "refused"
    assert response.json()["answers"] == []


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"questions": []}, "questions"),
        ({"questions": "x"}, "questions"),
        ({"more": 1}, ""),
        ({"questions": [{"certificate_type": TYPE}]}, "questions[0].certificate_number"),
        ({"questions": ["x"]}, "questions[0]"),
        ({"purpose": ""}, "questions[0].purpose"),
    ],
)
def test_what_is_malformed_is_named(served: Served, asking: Asking, change: dict[str, Any], member: str) -> None:
    content = {**WHY, "questions": questions(asking, NUMBERS[0]), **change}
    response = send(served, token_of(served, asking, content))
    assert response.status_code == 422, response.text
    assert f"“{member}”" in response.json()["detail"] if member else "整体" in response.json()["detail"]


def test_a_thousand_fit_and_one_more_does_not(served: Served, asking: Asking) -> None:
    many = questions(asking, *(f"{number:020}" for number in range(1_001)))
    for count, status in ((1_000, 200), (1_001, 422)):
        response = send(served, token_of(served, asking, {**WHY, "questions": many[:count]}))
        assert response.status_code == status, response.text[:500]
    assert len(json.dumps(many)) > 65_536

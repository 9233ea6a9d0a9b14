"""What is said of an event, and how it is signed: alike when it is posted and when it is read in the feed.

A message is a doorbell: it tells that something changed, and of which watch; what the certificate is worth now is asked
and answered with a receipt. No number, no name and no case stands in it.

    body = event_body(event)
    headers = signed_post("https://approval.example/hook", body, key, now)     # Content-Digest, Signature-Input, …
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from certificates.jose import Key
from certificates.message_signatures import content_digest, sign_message
from registries.store.watches import Event

JSON: Final = "application/json"
POST_TAG: Final = "hub-event"
FEED_TAG: Final = "hub-feed"
"""For what a signature is: an event that was posted is no answer of the feed."""

LIFETIME: Final = 300
"""Seconds for which a signature counts; what is posted again later is signed again."""


def event_json(event: Event) -> dict[str, Any]:
    """An event's members; `sequence` counts the client's events without gaps."""
    return {
        "event": event.id,
        "sequence": event.place,
        "watch": event.watch_id,
        "certificate_type": event.certificate_type,
        "changed": list(event.changed),
        "at": event.noted_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def event_body(event: Event) -> bytes:
    """The same bytes for the same event, however often it is told."""
    return as_bytes(event_json(event))


def as_bytes(members: Mapping[str, Any]) -> bytes:
    """Members as sorted compact JSON in UTF-8."""
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed_post(url: str, body: bytes, key: Key, now: datetime) -> dict[str, str]:
    """The fields of a request that posts a body to an address."""
    told = posted_components(url, content_digest(body))
    return {"Content-Type": JSON, "Content-Digest": told["content-digest"], **_signed(told, key, now, POST_TAG)}


def signed_answer(url: str, body: bytes, key: Key, now: datetime) -> dict[str, str]:
    """The fields of an answer, bound to the address that was asked: neither can be taken for another's."""
    told = answer_components(url, content_digest(body))
    return {"Content-Digest": told["content-digest"], **_signed(told, key, now, FEED_TAG)}


def posted_components(url: str, digest: str) -> dict[str, str]:
    """What the signature of a posted event covers, in its order."""
    return {"@method": "POST", "@target-uri": url, "content-type": JSON, "content-digest": digest}


def answer_components(url: str, digest: str) -> dict[str, str]:
    """What the signature of an answer covers, in its order."""
    return {"@status": "200", "content-type": JSON, "content-digest": digest, "@target-uri;req": url}


def _signed(told: Mapping[str, str], key: Key, now: datetime, tag: str) -> dict[str, str]:
    created = int(now.timestamp())
    return sign_message(told, key, created=created, expires=created + LIFETIME, tag=tag).to_headers()

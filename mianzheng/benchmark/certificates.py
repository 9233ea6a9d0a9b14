"""Certificates in great number for `mianzheng bench verify`, in the look-up as composing would leave them.

    add_certificates(url_owner, first=1, last=10_000_000, today)
    question(4711)            # about the 4711th: members of a question whose verdict is "valid"

How certificates get there is measured elsewhere (`bench load`); here they have to be there, digests and all, or no
question about them would be answered "valid".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import psycopg

TYPE: Final = "11100000MB0143028R001"
DATASET: Final = "market_regulation.business_licences"
PURPOSE: Final = "行政许可审批"
SERVICE_ITEM: Final = "食品经营许可新办"
CHUNK: Final = 250_000

_COVER: Final = "UPDATE hub.dataset SET data_as_of = %(now)s, score = 0.99 WHERE name = %(dataset)s"

_ADD: Final = """
WITH n AS (
    SELECT i, 'BENCH' || lpad(i::text, 10, '0') AS number, 'C' || lpad(i::text, 17, '0') AS code,
           '示例商行' || i || '有限公司' AS name
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i
), certificates AS (
    INSERT INTO hub.certificate (id, dataset, type_code, number, issuing_authority_name, issuing_authority_code,
                                 area_code, issued_on, valid_from, long_term, status, status_code, trust_level, digest,
                                 since_batch)
    OVERRIDING SYSTEM VALUE
    SELECT i, %(dataset)s, %(type)s, number, '示例市市场监督管理局', '11440500MB2D00000X', '440507', DATE '2020-01-02',
           DATE '2020-01-02', true, 'valid', '10', '',
           hub.digest((SELECT hub.digest_key('certificate')), ARRAY[
               %(dataset)s, %(type)s, number, NULL, '示例市市场监督管理局', '11440500MB2D00000X', '440507',
               '2020-01-02', '2020-01-02', NULL, 'true', 'valid', '10', NULL, NULL, '', NULL,
               concat_ws(chr(29), name, code, '001', '')]),
           1
      FROM n
), events AS (
    INSERT INTO hub.certificate_event (certificate_id, batch, move, lawful, status, valid_from, long_term)
    SELECT i, 1, 'issue', true, 'valid', DATE '2020-01-02', true FROM n
)
INSERT INTO hub.certificate_holder (certificate_id, ordinal, name, code, code_type, role, match_digest)
SELECT i, 1, name, code, '001', '',
       hub.digest((SELECT hub.digest_key('match')), ARRAY[%(type)s, number, '001', code, hub.name_form(name)])
  FROM n
"""


def add_certificates(url: str, first: int, last: int, now: datetime) -> None:
    """Add those with these ordinals, chunk by chunk; the source was heard from just now. `url` is the store owner's."""
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), autocommit=True) as connection:
        for start in range(first, last + 1, CHUNK):
            span = {"first": start, "last": min(start + CHUNK - 1, last), "dataset": DATASET, "type": TYPE}
            connection.execute(_ADD, span)
        connection.execute("ANALYZE hub.certificate, hub.certificate_holder, hub.certificate_event")
        connection.execute(_COVER, {"now": now, "dataset": DATASET})


def question(ordinal: int) -> Mapping[str, str]:
    """What is asked about one of them."""
    return {
        "certificate_type": TYPE,
        "certificate_number": f"BENCH{ordinal:010}",
        "holder_name": f"示例商行{ordinal}有限公司",
        "holder_code": f"C{ordinal:017}",
        "holder_code_type": "001",
        "purpose": PURPOSE,
        "service_item": SERVICE_ITEM,
        "case": f"bench-{ordinal}",
    }

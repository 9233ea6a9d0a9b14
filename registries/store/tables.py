"""Every table of schema `hub`: batches and what was found in them, certificates, accounts, grants, uploads.

The ledger's tables stand in `ledger_tables`; both share one metadata, which the migrations must equal
(`schema.drift`). Tables made from contracts are in schema `data` and follow from `shapes`.

    >>> batch.c.sequence.nullable
    False
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

HUB = "hub"
metadata = sa.MetaData(
    schema=HUB,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)
Word = sa.Text(collation="C")  # what is compared by machines: names, codes, keys
Moment = sa.DateTime(timezone=True)


def _word(name: str, *, null: bool = False, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, Word, nullable=null, primary_key=primary)


def _text(name: str, *, null: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _big(name: str, *, null: bool = False, primary: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, primary_key=primary, autoincrement=False)


def _identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


department = sa.Table(
    "department",
    metadata,
    _word("id", primary=True),
    _text("name_zh", null=False),
    _text("name_en", null=False),
    _word("uscc", null=True),
    _word("area_code", null=True),
    _word("level", null=True),
)

dataset = sa.Table(  # a mirror of the catalogue for joins, and how each dataset's source stands
    "dataset",
    metadata,
    _word("name", primary=True),
    _word("department"),
    _text("title_zh", null=False),
    _text("title_en", null=False),
    _word("contract_version"),
    _word("certificate_type", null=True),
    sa.Column("fresh_for_days", sa.Integer, nullable=False),
    sa.Column("data_as_of", Moment),
    sa.Column("score", sa.Double),
    sa.Index(None, "certificate_type"),
)

_COUNTS = (
    "pulled",
    "accepted",
    "quarantined",
    "held",
    "new",
    "changed",
    "unchanged",
    "deleted",
    "repeated",
    "vanished",
)

batch = sa.Table(
    "batch",
    metadata,
    _big("number", primary=True),
    _word("dataset"),
    sa.Column("sequence", sa.Integer, nullable=False),
    _word("state"),
    _text("source", null=False),
    _word("identity"),
    _word("contract_version"),
    _word("landed_digest", null=True),
    _text("deliverer", null=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("landed_at", Moment),
    sa.Column("taken_over_at", Moment),
    sa.Column("landed", JSONB),
    *(_big(name, null=True) for name in _COUNTS),
    sa.Column("keys_readable", sa.Boolean),
    _text("hold_reason"),
    _word("failure", null=True),
    _word("delivery", null=True),
    _word("position", null=True),
    _word("watermark", null=True),
    _word("floor", null=True),
    sa.UniqueConstraint("dataset", "sequence"),
    sa.CheckConstraint("delivery IN ('snapshot','changes')", name="delivery"),
    sa.CheckConstraint("state IN ('opened','landed','taken_over','done','failed')", name="state"),
    sa.CheckConstraint("pulled = accepted + quarantined + held", name="pulled"),
    sa.CheckConstraint("accepted = new + changed + unchanged + deleted + repeated", name="accepted"),
    sa.CheckConstraint("state NOT IN ('taken_over','done') OR accepted IS NOT NULL", name="counted"),
)

refused_row = sa.Table(  # references only: the values stay in what was landed
    "refused_row",
    metadata,
    _big("batch", primary=True),
    _big("row_number", primary=True),
    _word("dataset"),
    sa.Column("key_digest", BYTEA),
    sa.Column("number_digest", BYTEA),
    _word("outcome"),
    _big("until_batch", null=True),
    sa.CheckConstraint("outcome IN ('quarantined','held')", name="outcome"),
    sa.Index("refused_row_open_number_idx", "number_digest", postgresql_where=sa.text("until_batch IS NULL")),
    sa.Index("refused_row_open_idx", "dataset", "key_digest", postgresql_where=sa.text("until_batch IS NULL")),
)

finding = sa.Table(
    "finding",
    metadata,
    _big("batch", primary=True),
    _big("row_number", primary=True),
    _word("rule_id", primary=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
)

score = sa.Table(
    "score",
    metadata,
    _big("batch", primary=True),
    _word("dataset"),
    _word("rule_id", primary=True),
    _word("rule_version"),
    _word("dimension"),
    _word("indicator"),
    sa.Column("level", sa.SmallInteger, nullable=False),
    _big("checked"),
    _big("failed"),
    sa.Column("beyond_mending", sa.BigInteger, nullable=False, server_default="0"),  # failures that are in neither
    sa.CheckConstraint("failed BETWEEN 0 AND checked", name="failed"),
    sa.Index(None, "dataset", "batch"),
)

conflict = sa.Table(
    "conflict",
    metadata,
    _word("register", primary=True),
    _word("subject_key", primary=True),
    _word("attribute", primary=True),
    _word("dataset", primary=True),
    _word("authority"),
    _text("value", null=False),
    _text("authority_value", null=False),
    sa.Column("public", sa.Boolean, nullable=False),
)

certificate = sa.Table(
    "certificate",
    metadata,
    _identity(),
    _word("dataset"),
    _word("type_code"),
    _word("number"),
    _word("identifier", null=True),
    _text("issuing_authority_name"),
    _word("issuing_authority_code", null=True),
    _word("area_code", null=True),
    sa.Column("issued_on", sa.Date),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("long_term", sa.Boolean, nullable=False),
    _word("status", null=True),
    _word("status_code", null=True),
    sa.Column("status_since", sa.Date),
    _text("status_reason"),
    _word("trust_level"),
    _word("mark", null=True),
    _word("version", null=True),
    sa.Column("digest", BYTEA, nullable=False),
    _big("since_batch"),
    _text("principal"),
    sa.Column("renewal_applied_on", sa.Date),
    sa.Column("marked_rows", BYTEA),  # of several rows of one number: which are marked, and how
    sa.UniqueConstraint("dataset", "number"),
    sa.Index(  # of the paper era
        "certificate_paper_idx",
        "type_code",
        sa.text("upper(btrim(number))"),
        postgresql_where=sa.text("trust_level = 'D'"),
    ),
    sa.CheckConstraint("mark IN ('update_refused','vanished')", name="mark"),
    postgresql_with={"fillfactor": "90"},
)

certificate_holder = sa.Table(  # composed with its certificate; a foreign key would lock a row for each of millions
    "certificate_holder",
    metadata,
    _big("certificate_id", primary=True),
    sa.Column("ordinal", sa.SmallInteger, primary_key=True, autoincrement=False),
    _text("name", null=False),
    _word("code"),
    _word("code_type"),
    _text("role", null=False),
    sa.Column("match_digest", BYTEA, nullable=False),
    sa.Index(None, "match_digest"),
    sa.Index(None, "code"),
    postgresql_with={"fillfactor": "90"},
)

certificate_object = sa.Table(
    "certificate_object",
    metadata,
    _big("certificate_id", primary=True),
    sa.Column("ordinal", sa.SmallInteger, primary_key=True, autoincrement=False),
    _word("kind"),
    _word("number"),
    _text("name", null=False),
)

subject_join = sa.Table(  # kept for ever; made and separated by functions only
    "subject_join",
    metadata,
    _identity(),
    _word("subject_kind"),
    _word("former_key"),
    _word("present_key"),
    _text("reason", null=False),
    _word("case_number", null=True),
    _text("joined_by", null=False),
    sa.Column("joined_at", Moment, nullable=False),
    _text("separated_by"),
    sa.Column("separated_at", Moment),
    _text("separation_reason"),
    sa.Column("compared", sa.Boolean, nullable=False, server_default=sa.false()),  # conflicts know of it
    sa.CheckConstraint("former_key <> present_key", name="keys"),
    sa.CheckConstraint("num_nulls(separated_by, separated_at, separation_reason) IN (0, 3)", name="separated"),
    sa.Index(
        "subject_join_in_force_key",
        "subject_kind",
        "former_key",
        unique=True,
        postgresql_where=sa.text("separated_at IS NULL"),
    ),
    sa.Index("subject_join_waiting_idx", "subject_kind", postgresql_where=sa.text("NOT compared")),
)

subject_alias = sa.Table(  # what the joins in force come to: every former key with the latest
    "subject_alias",
    metadata,
    _word("subject_kind", primary=True),
    _word("alias", primary=True),
    _word("subject_key"),
    sa.Index(None, "subject_kind", "subject_key"),
)

subject_proposal = sa.Table(  # likely pairs; nothing is joined before a steward says so
    "subject_proposal",
    metadata,
    _identity(),
    _word("subject_kind"),
    _word("former_key"),
    _word("present_key"),
    _word("dataset"),
    _big("batch"),
    sa.UniqueConstraint("subject_kind", "former_key", "present_key", "dataset", name="subject_proposal_pair_key"),
)

account = sa.Table(
    "account",
    metadata,
    _identity(),
    sa.Column("login", Word, nullable=False, unique=True),
    _text("password_hash", null=False),
    _text("name", null=False),
    _word("department"),
    sa.Column("roles", ARRAY(Word), nullable=False),
    _word("state"),
    sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.false()),  # somebody else knows the password
    sa.Column("code_sealed", BYTEA),  # the secret of one-time codes, sealed; the hub's folder has the key
    _big("code_step", null=True),  # of the last code that counted: none counts twice
    _word("locked_because", null=True),
    sa.Column("made_at", Moment),
    sa.Column("last_sign_in_at", Moment),
    sa.CheckConstraint("state IN ('open','closed','locked')", name="state"),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_digest", BYTEA, primary_key=True),
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), nullable=False, index=True),
    sa.Column("csrf_digest", BYTEA, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),  # what pages call it
    _text("label"),  # browser and system, as the browser calls itself
    sa.Column("code_at", Moment),  # when its second factor was given
    sa.Column("confirmed_at", Moment),  # when its person was last known for certain
)

client = sa.Table(
    "client",
    metadata,
    _word("id", primary=True),
    _word("department"),
    _text("name", null=False),
    _word("state"),
    _word("suspended_because", null=True),
    sa.Column("made_at", Moment),
    sa.CheckConstraint("state IN ('active','suspended','revoked')", name="state"),
)

client_key = sa.Table(
    "client_key",
    metadata,
    _word("thumbprint", primary=True),
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), nullable=False, index=True),
    sa.Column("jwk", JSONB, nullable=False),
    _word("state"),
    sa.Column("added_at", Moment),
    sa.Column("revoked_at", Moment),
    sa.Column("last_used_at", Moment),  # to the minute: more often would be a write for every question
    sa.CheckConstraint("state IN ('active','revoked')", name="state"),
)

grant_right = sa.Table(
    "grant_right",
    metadata,
    _identity(),
    _word("department"),
    _word("act"),
    _word("certificate_type", null=True),
    _word("dataset", null=True),
    sa.Column("fields", ARRAY(Word), nullable=False),
    _text("purpose", null=False),
    _text("service_item"),
    _text("granted_by", null=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    _text("withheld_because"),  # while it is set, a subject is not told of what was asked for this purpose
    _big("application", null=True),  # which led to it; None: given by the hub's operator
    sa.Column("askers", ARRAY(Word)),  # `officer:<account>` and `client:<id>`; None: all of the department
    _word("area_code", null=True),  # records of this area alone; None: of any
    sa.Column("per_hour", sa.Integer),
    sa.Column("per_day", sa.Integer),
    sa.Column("in_clear", sa.Boolean, nullable=False, server_default=sa.false()),  # fields are not masked
    sa.Column("suspended_at", Moment),
    _text("suspended_because"),
    sa.Column("ended_at", Moment),  # before its last day, for good
    _text("ended_because"),
    sa.CheckConstraint("(suspended_at IS NULL) = (suspended_because IS NULL)", name="suspended"),
    sa.CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended"),
    sa.CheckConstraint("per_hour > 0 AND per_day > 0", name="budget"),
    sa.CheckConstraint("act IN ('verification','matching','query','retrieval')", name="act"),
    sa.Index(None, "department", "act", "purpose"),
    sa.Index(None, "application"),
)

upload = sa.Table(
    "upload",
    metadata,
    _identity(),
    _word("dataset"),
    sa.Column("account_id", sa.BigInteger, sa.ForeignKey(account.c.id), nullable=False),
    _text("file_name", null=False),
    _text("path", null=False),
    _word("digest"),
    _word("state"),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("outcome", JSONB),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.CheckConstraint("state IN ('waiting','checked','taken','refused')", name="state"),
    sa.Index("upload_waiting_idx", "id", postgresql_where=sa.text("state = 'waiting'")),
)

publish_right = sa.Table(  # a client may push what its own department publishes
    "publish_right",
    metadata,
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), primary_key=True),
    _text("granted_by", null=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
)

push = sa.Table(  # pushed deliveries on their way to the intake worker, and what came of them
    "push",
    metadata,
    _identity(),
    sa.Column("client_id", Word, sa.ForeignKey(client.c.id), nullable=False),
    _word("dataset"),
    _big("sequence"),
    sa.Column("body_digest", BYTEA, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    _word("jti"),
    sa.Column("request_digest", BYTEA, nullable=False),
    _text("path", null=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    _word("state"),
    _big("batch", null=True),
    sa.Column("outcome", JSONB),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.UniqueConstraint("client_id", "dataset", "sequence"),
    sa.UniqueConstraint("client_id", "jti"),
    sa.CheckConstraint("octet_length(body_digest) = 32", name="body_digest"),
    sa.CheckConstraint("sequence > 0 AND rows > 0", name="counted"),
    sa.CheckConstraint("state IN ('waiting','taken','refused')", name="state"),
    sa.CheckConstraint("(state = 'waiting') = (outcome IS NULL)", name="outcome"),
    sa.CheckConstraint("(state = 'taken') = (batch IS NOT NULL)", name="batch"),
    sa.Index(None, "dataset", "sequence"),
    sa.Index("push_waiting_idx", "dataset", "id", postgresql_where=sa.text("state = 'waiting'")),
)

pepper = sa.Table(  # one row; read by the owner's functions only
    "pepper",
    metadata,
    sa.Column("one", sa.Boolean, primary_key=True),
    sa.Column("secret", BYTEA, nullable=False),
    sa.CheckConstraint("one", name="one"),
)

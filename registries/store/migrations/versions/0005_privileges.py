"""Who may do what: the weakest rights with which each role can do its work.

hub_load owns what contracts make (schemas data and stage); hub_api calls the look-up and appends to the ledger;
hub_page reads positions, counts and masked values.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LEDGER = "hub.ledger_entry, hub.ledger_body, hub.ledger_sequence, hub.ledger_node, hub.checkpoint"

STATEMENTS = (
    "CREATE SCHEMA data AUTHORIZATION hub_load",
    "CREATE SCHEMA stage AUTHORIZATION hub_load",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hub FROM PUBLIC",
    "GRANT USAGE ON SCHEMA hub TO hub_load, hub_api, hub_page",
    # hub_load
    """GRANT SELECT, INSERT, UPDATE ON hub.department, hub.dataset, hub.batch, hub."case", hub.certificate,
       hub.certificate_holder, hub.subject_alias TO hub_load""",
    """GRANT SELECT, INSERT, UPDATE, DELETE ON hub.refused_row, hub.finding, hub.score, hub.conflict TO hub_load""",
    "GRANT SELECT, INSERT ON hub.certificate_status_event TO hub_load",
    "GRANT SELECT, UPDATE ON hub.upload TO hub_load",
    "GRANT EXECUTE ON FUNCTION hub.digest_key, hub.digest, hub.name_form TO hub_load",
    # hub_api
    """GRANT SELECT ON hub.department, hub.dataset, hub.account, hub.client, hub.client_key, hub.grant_right,
       hub.batch TO hub_api""",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON hub.session TO hub_api",
    "GRANT SELECT, INSERT ON hub.upload TO hub_api",
    "GRANT EXECUTE ON FUNCTION hub.find_certificates TO hub_api",
    # the ledger: both append, nobody changes
    f"GRANT SELECT, INSERT ON {LEDGER} TO hub_load, hub_api",
    "GRANT SELECT, INSERT, DELETE ON hub.ledger_waiting TO hub_load, hub_api",
    # hub_page
    "GRANT SELECT ON hub.department, hub.dataset, hub.batch, hub.finding, hub.score, hub.conflict_masked TO hub_page",
    "GRANT SELECT (batch, row_number, dataset, outcome, until_batch) ON hub.refused_row TO hub_page",
    """GRANT SELECT (number, kind, cause, dataset, department, rule_id, register, attribute, opened_batch, row_number,
       state, closed_batch, opened_at, closed_at, due_on, note) ON hub."case" TO hub_page""",
    "GRANT SELECT ON hub.upload TO hub_page",
    "GRANT EXECUTE ON FUNCTION hub.masked TO hub_page",  # a view's functions run with the rights of who reads it
)


def upgrade() -> None:
    """Make the loader's schemas and give out the rights."""
    for statement in STATEMENTS:
        op.execute(statement)

"""What the hub keeps about deliveries: what kind each is, where it stands among the others, how far it reaches."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = ("delivery", "position", "watermark", "floor")


def upgrade() -> None:
    """Four columns, empty for batches that are older than they are."""
    for name in COLUMNS:
        op.add_column("batch", sa.Column(name, sa.Text(collation="C"), nullable=True), schema="hub")
    op.create_check_constraint(
        op.f("batch_delivery_check"), "batch", "delivery IN ('snapshot','changes')", schema="hub"
    )

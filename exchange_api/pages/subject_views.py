"""Joined subjects as the steward's page shows them: with the names of their kinds and datasets.

view = subjects_view(joins, proposals, catalogue, older=None)
"""

from collections.abc import Mapping, Sequence

from exchange_api.pages.batch_views import dataset_title
from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.subjects import JoinRow, ProposalRow, SubjectsView
from registries.departments import Catalogue
from registries.store.subjects import Proposal, SubjectJoin


def subjects_view(
    joins: Sequence[SubjectJoin],
    proposals: Sequence[Proposal],
    catalogue: Catalogue,
    older: int | None,
    fault: Words | None = None,
    given: Mapping[str, str] | None = None,
) -> SubjectsView:
    """The page's content; registers that only list rows (certificates, indicators) have no subjects to join."""
    kinds = {one.subject_kind.id: Words(one.subject_kind.zh, one.subject_kind.en) for one in catalogue.registers}
    return SubjectsView(
        tuple(_join_row(join, kinds) for join in joins),
        tuple(_proposal_row(proposal, kinds, catalogue) for proposal in proposals),
        tuple(Option(one.id, f"{one.title_zh} {one.title_en}") for one in catalogue.registers if one.merged),
        older,
        fault,
        given or {},
    )


def _join_row(join: SubjectJoin, kinds: Mapping[str, Words]) -> JoinRow:
    return JoinRow(
        join.id,
        kinds.get(join.subject_kind, Words(join.subject_kind, join.subject_kind)),
        join.former_key,
        join.present_key,
        join.reason,
        join.case_number or "",
        join.joined_by,
        join.joined_at,
        join.separated_by,
        join.separated_at,
        join.separation_reason,
    )


def _proposal_row(proposal: Proposal, kinds: Mapping[str, Words], catalogue: Catalogue) -> ProposalRow:
    return ProposalRow(
        proposal.id,
        kinds.get(proposal.subject_kind, Words(proposal.subject_kind, proposal.subject_kind)),
        proposal.former_key,
        proposal.present_key,
        dataset_title(catalogue, proposal.dataset),
        proposal.batch,
    )

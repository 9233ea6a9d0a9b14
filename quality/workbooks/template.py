"""The empty workbook of a dataset, made from its contract: what a clerk fills in and sends.

content = template(dataset)
"""

from quality.workbooks.shell import Shell
from registries.contracts.model import Dataset


def template(dataset: Dataset) -> bytes:
    """Headers with notes, drop-downs of codes, numbers that are names as text, a guide; alike for equal contracts."""
    return Shell(dataset, dataset.columns).made()

r"""SQL's LIKE patterns as regular expressions: Great Expectations has them for databases only, the hub judges columns.

>>> regex_of("S05%\_", "\\")
'\\A(?s:S05.*_)\\z'
>>> without_like("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "1_"})
('expect_column_values_to_match_regex', {'column': 'a', 'regex': '\\A(?s:1.)\\z'})
"""

import re
from collections.abc import Mapping
from typing import Any


def without_like(expectation: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The expectation as one about regular expressions; as it is, if it is about none of LIKE."""
    if "_like_pattern" not in expectation:
        return expectation, dict(arguments)
    escape = arguments.get("escape")
    kept = {
        name: value for name, value in arguments.items() if name not in {"like_pattern", "like_pattern_list", "escape"}
    }
    if "like_pattern_list" in arguments:
        patterns = [regex_of(pattern, escape) for pattern in arguments["like_pattern_list"]]
        return expectation.replace("like_pattern_list", "regex_list"), {**kept, "regex_list": patterns}
    return expectation.replace("like_pattern", "regex"), {**kept, "regex": regex_of(arguments["like_pattern"], escape)}


def regex_of(pattern: str, escape: str | None) -> str:
    """`%` is any text, `_` any one character, and what follows the escape character is itself."""
    parts, literal = [], False
    for character in pattern:
        if literal or character not in {"%", "_", escape}:
            parts.append(re.escape(character))
            literal = False
        elif character == escape:
            literal = True
        else:
            parts.append(".*" if character == "%" else ".")
    return rf"\A(?s:{''.join(parts)})\z"

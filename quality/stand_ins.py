r"""Great Expectations' own rules that the hub asks in other words, with the same answers.

LIKE patterns it has for databases only: here they are regular expressions. `between` it judges value by value in
Python, and takes texts that look like days for days: here it is a predicate over the column. A JSON schema it can't
judge where one value is no JSON. Lengths are known from bytes nearly always, and so are matches of a pattern that says
of each place what may stand there.

>>> regex_of("S05%!_", "!")
'\\A(?s:S05.*_)\\z'
>>> stand_in("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "1_"})
('expect_column_values_to_match_regex', {'column': 'a', 'regex': '\\A(?s:1.)\\z'})
"""

import re
from collections.abc import Mapping
from typing import Any

from quality.places import places_of

_OURS = {
    "expect_column_value_lengths_to_be_between": "mianzheng:length",
    "expect_column_values_to_be_between": "mianzheng:between",
    "expect_column_values_to_match_json_schema": "mianzheng:json_schema",
}

AS_WRITTEN = frozenset(
    {
        "expect_column_value_lengths_to_be_between",
        "expect_column_value_lengths_to_equal",
        "expect_column_values_to_match_regex",
    }
)
"""Great Expectations still says of these whether their arguments are what it takes."""


def stand_in(expectation: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What is asked for an expectation; itself, if it is asked as it is."""
    if expectation in _OURS:
        return _OURS[expectation], dict(arguments)
    if expectation == "expect_column_values_to_match_regex" and places_of(str(arguments.get("regex"))) is not None:
        return "mianzheng:matches", dict(arguments)
    if expectation == "expect_column_value_lengths_to_equal" and "value" in arguments:
        kept = {name: value for name, value in arguments.items() if name != "value"}
        return "mianzheng:length", {**kept, "min_value": arguments["value"], "max_value": arguments["value"]}
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

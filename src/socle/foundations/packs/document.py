"""The base of every typed declaration in a pack."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=80)]
"""A stable identifier: lower-case letters, digits, dashes or underscores."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=8000, strip_whitespace=True)]
Condition = Annotated[str, StringConstraints(max_length=2000)]
"""A condition expression (see `socle.kernel.expressions`); empty means always."""


class Document(BaseModel):
    """A declaration. Unknown fields are mistakes: a typo must not silently change a service."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

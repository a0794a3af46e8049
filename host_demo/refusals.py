"""What the portal's rules do not allow."""

from __future__ import annotations


class Refused(Exception):
    """A wish that a rule is against, with the reason in words for the staff; ``code`` names it elsewhere."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code

"""A reference for each message of a batch for which the provider tells only one id.

Such a provider's receipts bring the batch's id and the number. Both sides, the verdict and the receipt, make the same
reference of the two, so that a receipt finds its message as any other does.
"""

from __future__ import annotations

from hashlib import blake2b

_MARK = 4  # bytes
_SEPARATOR = "/"


def joined(batch: str, number: str) -> str:
    """The reference of the message to ``number`` in ``batch``; how the number is punctuated does not matter.

    The number itself cannot be read from it.
    """
    digits = "".join(char for char in number if char.isascii() and char.isdigit())
    return f"{batch}{_SEPARATOR}{blake2b(digits.encode(), digest_size=_MARK).hexdigest()}"


def batch_of(reference: str) -> str:
    """The provider's id of the batch that the reference was made of; what was made of none comes back as it is."""
    batch, separator, mark = reference.rpartition(_SEPARATOR)
    return batch if separator and len(mark) == 2 * _MARK else reference

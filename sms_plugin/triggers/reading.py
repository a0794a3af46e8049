"""Reading the host's own attributes, which may raise anything and break the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models.busy import is_busy

#: Set in ``session.info`` while the host's attributes are read, when the session must not be flushed.
RENDERING = "sms_plugin.rendering"


@contextmanager
def guarded(session: Session, *, careful: bool) -> Iterator[None]:
    """Read the host's attributes with nothing flushed meanwhile; with ``careful`` in a savepoint of their own.

    What they break in the database is undone then, and nothing of the host's is undone with it.
    """
    around = session.get_nested_transaction()
    with session.no_autoflush, session.connection().begin_nested() if careful else nullcontext():
        session.info[RENDERING] = True
        try:
            yield
        finally:
            session.info.pop(RENDERING, None)
            # a savepoint that they left open would outlive ours, and the host's commit would look for it in vain
            while (left := session.get_nested_transaction()) is not None and left is not around:
                left.rollback()


def why(error: Exception, *, careful: bool) -> str:
    """What to tell of an error that the host's own code raised.

    Raises it again where the database only asks for patience, for another try may do; and where no savepoint stood
    around it, unless it is one of ours, which never leaves the transaction broken.
    """
    if is_busy(error) or not (careful or isinstance(error, SmsError)):
        raise error
    return error.message if isinstance(error, SmsError) else type(error).__name__

"""How PostgreSQL plans what is asked of tables that grow from nothing to millions within an hour."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

#: A plan that a connection keeps for a statement is made again when the table is analysed, which may be long after it
#: has grown: one that was made for a few rows goes through all of them. And nobody can tell the planner how few rows a
#: claim's ranks leave over: it would compile a plan for a tenth of a million, which takes ten times as long as to run.
_AS_IT_IS = sa.text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)")


def plan_as_it_is(session: Session) -> None:
    """Have PostgreSQL plan each statement of this transaction for what its tables hold now; others do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_AS_IT_IS)

"""What a sale is talked over with: the states that estimates and proposals share, and what people say to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from host_demo.clock import now
from host_demo.models.staff import Staff

LONGEST_COMMENT = 500


class OfferStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Said:
    """A comment on something: by a member of the staff, or from outside by whoever has the link."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(LONGEST_COMMENT))
    said_at: Mapped[datetime] = mapped_column(default=now)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    @declared_attr
    def author(self) -> Mapped[Staff | None]:
        return relationship(Staff)

    @hybrid_property
    def by_staff(self) -> bool:
        """Whether one of us said it; in SQL too."""
        return self.author_id is not None

    @by_staff.inplace.expression
    @classmethod
    def _by_staff_in_sql(cls) -> ColumnElement[bool]:
        return cls.author_id.is_not(None)

    def __str__(self) -> str:
        return self.text if len(self.text) <= 60 else f"{self.text[:59]}…"

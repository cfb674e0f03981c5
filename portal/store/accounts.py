"""Tables and queries of people, and of the tokens, sessions and links that speak for them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, ForeignKey, Index, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.domain.account import Account, AccountStatus, Role
from portal.domain.text import normal_email
from portal.store.db import Base, deleted
from portal.store.types import Json, Sealed, SealedJson, UtcDateTime

ROLES = frozenset(map(str, Role))  # an adopted database may hold others, such as "user"


class UserRow(Base):
    __tablename__ = "user"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    email: Mapped[str] = mapped_column(String(255))
    email_normal: Mapped[str | None] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20), default=Role.CUSTOMER, server_default="customer")
    status: Mapped[str] = mapped_column(String(20), default=AccountStatus.ACTIVE, server_default="active")
    attributes: Mapped[Any | None] = mapped_column(Json)
    booking_preferences: Mapped[Any | None] = mapped_column(SealedJson("user.booking_preferences"))
    locale: Mapped[str | None] = mapped_column(String(10))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    stripe_customer_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    banned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ban_reason: Mapped[str | None] = mapped_column(String(500))
    internal_notes: Mapped[str | None] = mapped_column(Sealed("user.internal_notes"))

    def account(self) -> Account:
        """Return the person as a value."""
        return Account(
            id=self.id,
            email=self.email,
            name=self.name or "",
            role=Role(self.role) if self.role in ROLES else Role.CUSTOMER,
            status=AccountStatus.BANNED if self.status == AccountStatus.BANNED else AccountStatus.ACTIVE,
            attributes=self.attributes or {},
            preferences=self.booking_preferences or {},
            locale=self.locale,
            time_zone=self.time_zone,
            created_at=self.created_at,
            banned_at=self.banned_at,
            ban_reason=self.ban_reason,
            internal_notes=self.internal_notes,
        )


class TokenRow(Base):
    """A bearer token; only its hash is kept."""

    __tablename__ = "access_token"
    __table_args__ = (Index(None, "user_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255), ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A browser that is signed in; only the hash of what its cookie says is kept."""

    __tablename__ = "browser_session"
    __table_args__ = (Index(None, "user_id"),)

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255), ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_agent: Mapped[str] = mapped_column(String(255))


class LinkRow(Base):
    """A link of a mail that works once; only the hash of its secret is kept."""

    __tablename__ = "account_link"
    __table_args__ = (Index(None, "user_id"),)

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255), ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    purpose: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(Sealed("account_link.address"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


def account_by_id(session: Session, user_id: str) -> Account | None:
    """Find a person."""
    row = session.get(UserRow, user_id)
    return row.account() if row else None


def user_by_email(session: Session, email: str) -> UserRow | None:
    """Find a person by an e-mail address in any spelling."""
    return session.scalar(select(UserRow).where(UserRow.email_normal == normal_email(email)))


def account_by_token(session: Session, token_hash: str, now: datetime) -> Account | None:
    """Find the person whom an unexpired token belongs to, in one query."""
    statement = (
        select(UserRow)
        .join(TokenRow, TokenRow.user_id == UserRow.id)
        .where(TokenRow.token_hash == token_hash, TokenRow.expires_at > now)
    )
    row = session.scalar(statement)
    return row.account() if row else None


def delete_token(session: Session, token_hash: str) -> None:
    """Revoke one token."""
    session.execute(delete(TokenRow).where(TokenRow.token_hash == token_hash))


def delete_old_tokens(session: Session, now: datetime) -> int:
    """Forget every token that has expired; returns how many."""
    return deleted(session, delete(TokenRow).where(TokenRow.expires_at <= now))


def delete_tokens_of(session: Session, user_id: str) -> None:
    """Revoke every token of a person."""
    session.execute(delete(TokenRow).where(TokenRow.user_id == user_id))


def accounts(session: Session, search: str | None, limit: int, after: str | None) -> list[Account]:
    """List people by id, optionally those whose name or address contains a text."""
    statement = select(UserRow).order_by(UserRow.id).limit(limit)
    if search:
        statement = statement.where(or_(is_like(UserRow.name, search), is_like(UserRow.email_normal, search)))
    if after:
        statement = statement.where(UserRow.id > after)
    return [row.account() for row in session.scalars(statement)]


def of_roles(session: Session, roles: Iterable[Role]) -> list[Account]:
    """List the open accounts with some roles, by address."""
    statement = select(UserRow).where(UserRow.role.in_(sorted(roles)), UserRow.status == AccountStatus.ACTIVE)
    return [row.account() for row in session.scalars(statement.order_by(UserRow.email_normal))]


def is_like(column: Any, text: str) -> ColumnElement[bool]:
    """Select where a column contains a text, small letters or capitals."""
    pattern = f"%{text.lower().replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
    return cast(ColumnElement[bool], func.lower(column).like(pattern, escape="/"))


def change_user(session: Session, user_id: str, **values: Any) -> None:
    """Set columns of a person."""
    session.execute(update(UserRow).where(UserRow.id == user_id).values(**values))


def tokens_of(session: Session, user_id: str, now: datetime) -> list[TokenRow]:
    """List a person's tokens that are still good, the newest first."""
    statement = select(TokenRow).where(TokenRow.user_id == user_id, TokenRow.expires_at > now)
    return list(session.scalars(statement.order_by(TokenRow.created_at.desc(), TokenRow.token_hash)))


def delete_token_of(session: Session, user_id: str, token_hash: str) -> None:
    """Revoke one token of a person."""
    session.execute(delete(TokenRow).where(TokenRow.user_id == user_id, TokenRow.token_hash == token_hash))


# ---------------------------------------------------------------- browsers


def session_by_hash(session: Session, secret_hash: str, since: datetime) -> tuple[SessionRow, Account] | None:
    """Find a browser that signed in after an instant, and who that was: one query."""
    statement = (
        select(SessionRow, UserRow)
        .join(UserRow, SessionRow.user_id == UserRow.id)
        .where(SessionRow.secret_hash == secret_hash, SessionRow.created_at > since)
    )
    found = session.execute(statement).one_or_none()
    return (found[0], found[1].account()) if found else None


def sessions_of(session: Session, user_id: str, since: datetime) -> list[SessionRow]:
    """List a person's browsers that signed in after an instant, the last used first."""
    statement = select(SessionRow).where(SessionRow.user_id == user_id, SessionRow.created_at > since)
    return list(session.scalars(statement.order_by(SessionRow.seen_at.desc(), SessionRow.secret_hash)))


def see_session(session: Session, secret_hash: str, now: datetime) -> None:
    """Note when a browser was last used."""
    session.execute(update(SessionRow).where(SessionRow.secret_hash == secret_hash).values(seen_at=now))


def delete_session(session: Session, secret_hash: str, user_id: str) -> None:
    """End one browser's session of a person."""
    session.execute(delete(SessionRow).where(SessionRow.secret_hash == secret_hash, SessionRow.user_id == user_id))


def delete_sessions_of(session: Session, user_id: str, but: str | None = None) -> None:
    """End a person's sessions, all but one."""
    statement = delete(SessionRow).where(SessionRow.user_id == user_id)
    session.execute(statement.where(SessionRow.secret_hash != but) if but else statement)


def delete_old_sessions(session: Session, user_id: str, until: datetime) -> None:
    """Forget a person's sessions that are over."""
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.created_at <= until))


def delete_sessions_until(session: Session, until: datetime) -> int:
    """Forget everybody's sessions that began until an instant; returns how many."""
    return deleted(session, delete(SessionRow).where(SessionRow.created_at <= until))


# ---------------------------------------------------------------- links that work once


def link_by_hash(session: Session, secret_hash: str, purpose: str, now: datetime) -> LinkRow | None:
    """Find a link that still works."""
    statement = select(LinkRow).where(
        LinkRow.secret_hash == secret_hash, LinkRow.purpose == purpose, LinkRow.expires_at > now
    )
    return session.scalar(statement)


def delete_link(session: Session, secret_hash: str) -> bool:
    """Use up a link; tell whether it was still there, which of two rivals only one is told."""
    return bool(deleted(session, delete(LinkRow).where(LinkRow.secret_hash == secret_hash)))


def last_link(session: Session, user_id: str, purpose: str) -> datetime | None:
    """Return when a person last asked for a link of a purpose."""
    statement = select(func.max(LinkRow.created_at)).where(LinkRow.user_id == user_id, LinkRow.purpose == purpose)
    return session.scalar(statement)


def delete_links(session: Session, user_id: str, purpose: str) -> None:
    """End a person's links of a purpose."""
    session.execute(delete(LinkRow).where(LinkRow.user_id == user_id, LinkRow.purpose == purpose))


def delete_old_links(session: Session, now: datetime) -> int:
    """Forget every link that no longer works; returns how many."""
    return deleted(session, delete(LinkRow).where(LinkRow.expires_at <= now))


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of some people."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(select(UserRow.id, UserRow.name).where(UserRow.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def admins(session: Session) -> list[str]:
    """Return the ids of the admins whose accounts are open."""
    statement = select(UserRow.id).where(UserRow.role == Role.ADMIN, UserRow.status == AccountStatus.ACTIVE)
    return list(session.scalars(statement.order_by(UserRow.id)))


def provider_customer(session: Session, user_id: str) -> str | None:
    """Return how the payment provider calls a person."""
    return session.scalar(select(UserRow.stripe_customer_id).where(UserRow.id == user_id))


def set_provider_customer(session: Session, user_id: str, customer_id: str | None) -> None:
    """Keep how the payment provider calls a person."""
    session.execute(update(UserRow).where(UserRow.id == user_id).values(stripe_customer_id=customer_id))

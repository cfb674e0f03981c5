"""Accounts: sign up, sign in, sign out, who am I?"""

from flask import Response

from portal.api import answers, present
from portal.api.callers import bearer_token, signed_in
from portal.api.operations import AUTH, Who, answer, operation
from portal.api.requests import body
from portal.api.schemas import SignInBody, SignUpBody
from portal.usecases import accounts
from portal.web import session
from portal.web.context import now
from portal.web.limits import counting_failures


@operation(
    "signUp",
    "POST",
    "/sign-up/email",
    Who.ANYONE,
    prefixes=AUTH,
    body=SignUpBody,
    answer=answers.Session,
)
def sign_up() -> Response:
    """Make an account; it works at once."""
    given = body(SignUpBody)
    token, account = accounts.sign_up(given.email, given.password, given.name, now())
    return answer({"token": token, "user": present.user(account)})


@operation(
    "signIn",
    "POST",
    "/sign-in/email",
    Who.ANYONE,
    prefixes=AUTH,
    body=SignInBody,
    answer=answers.Session,
)
def sign_in() -> Response:
    """Get a token for an e-mail address and a password."""
    given = body(SignInBody)
    with counting_failures(given.email):
        token, account = accounts.sign_in(given.email, given.password, now())
    return answer({"token": token, "user": present.user(account)})


@operation("signOut", "POST", "/sign-out", Who.CUSTOMER, prefixes=AUTH, answer=answers.Done)
def sign_out() -> Response:
    """End the token, or the browser's session, that the call came with."""
    token = bearer_token()
    if token is None:
        session.end()
    else:
        accounts.sign_out(token)
    return answer({"success": True})


@operation("getSession", "GET", "/get-session", Who.CUSTOMER, prefixes=AUTH, answer=answers.Whoami)
def get_session() -> Response:
    """Say whose token this is."""
    return answer({"user": present.user(signed_in())})

"""The people of the tests: alice and bob are customers, sam is staff, ada is the admin."""

from dataclasses import dataclass

from portal.domain.account import Account, Role

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class People:
    alice: Account
    bob: Account
    sam: Account
    ada: Account


EVERYBODY = People(
    alice=Account("alice", "alice@example.com", "Alice Martin"),
    bob=Account("bob", "bob@example.com", "Bob Durand"),
    sam=Account("sam", "sam@example.com", "Sam Petit", Role.STAFF),
    ada=Account("ada", "ada@example.com", "Ada Moreau", Role.ADMIN),
)

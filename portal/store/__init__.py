"""The database and only it: tables by noun, named queries, locks, and the one commit of the product."""

"""The way to the outside: what others run, behind a protocol each."""

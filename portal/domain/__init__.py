"""The rules of booking: pure values and functions, without Flask, database or clock."""

"""What can be done: a module per capability, a function per verb, one transaction each, without Flask."""

"""The rules of calling people: pure values and functions, no I/O and no clock."""

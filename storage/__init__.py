"""SQLite, and nothing but SQLite: what the services decided is kept here, no decision is made."""

"""PostgreSQL: where it is, how it is started, and the connections to it."""

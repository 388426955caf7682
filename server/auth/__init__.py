"""Who is calling: sessions, API keys, passwords, lock-out and rate limits."""

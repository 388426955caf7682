"""The business: what is sold, to whom and by whom, declared on a small layer of its own."""

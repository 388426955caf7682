"""`python -m bench`."""

from bench.report import main

main()

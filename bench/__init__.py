"""What a call costs, measured against a server written by hand for nothing but these calls.

python -m bench              both servers in turn, the table printed and written to docs/performance.md
python -m bench.dataset      the data alone
python -m bench.load         the load generator alone (a specification on standard input, figures on standard output)
python -m bench.bare         the hand-written server alone
"""

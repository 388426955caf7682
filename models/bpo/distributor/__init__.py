"""A brand's distributor: a system, an Odoo, that web leads, dealers and models are read from (handover 1.6).

connection.py   the buttons, the scheduled job, and how the last runs went
rows.py         what the distributor sends
job.py          how it is asked
web_leads.py    leads, each imported once, then marked there as synchronised
dealers.py      dealerships
vehicles.py     vehicle models

A connection counts as working when it is complete. Whether it works shows at each try: one that fails is tried every
five minutes, by one job that waits in the outbox, and `sync_ids` tells why.
"""

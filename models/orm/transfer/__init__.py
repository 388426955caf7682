"""Records in and out as rows of cells: `load` and `export_data` of Odoo, `import_data` and `export_data` of Netforce.

`paths.py` reads the names of columns, `cells.py` turns values into cells and back, `sheet.py` is CSV. Out: `reach.py`
plans what is read, `exporting.py` reads and spreads it. In: `drafts.py` cuts rows into records, `finding.py` looks up
what they refer to, `importing.py` writes them. `naming.py` keeps external ids.
"""

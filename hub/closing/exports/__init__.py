"""Exports for finance: files of a month that sum up to the database and to the ledger, whoever repeats them.

kinds    what there is, and in which formats        writing  from the question to files under their names
snapshot one look at the database                    columns  what a column is
"""

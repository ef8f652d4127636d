"""Which CDRs an invoice bills: the records that parties exchange about that, and what is said of them.

keeping   each record's list, so that a CDR finds its invoices
issuing   the records that the hub writes for statements, in the name of who bills
matching  an invoice beside what the hub knows: known, unknown, billed twice, missing, and the amount
telling   invoices and what was found as JSON
"""

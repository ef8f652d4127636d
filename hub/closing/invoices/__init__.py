"""Which CDRs an invoice bills: the records that parties exchange about that, and what is said of them.

keeping   each record's list, so that a CDR finds its invoices
issuing   the records that the hub writes for statements, in the name of who bills
finding   which invoice is meant
matching  an invoice beside what the hub knows: known, unknown, billed twice, missing
amounts   what it comes to: as claimed, as it should be, on the statement, as told
telling   invoices and what was found as JSON
problems  what cannot be done, and what to do instead
"""

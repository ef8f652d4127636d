"""Who owes whom: periods are closed, statements written, and every amount is in a ledger that sums to nought.

allocation  whole units shared out exactly          rounding    amounts to the units of a currency
months      as agreements have them                 candidates  what goes onto a statement, what must wait
periods     a month is closed, once                 vat         which part of an amount bears which
lines       the lines of a statement, its totals    statements  what is kept of one
sheets      many lines, none of which is kept       shares      what they come to, and the share of each
taking      the CDRs that a close takes             bodies      what is read of their bytes
lifecycle   from a draft to what is final           numbers     of documents, without a gap
tolerance   how far one may be from what is right   netting     what two parties owe each other
ledger      double entry, append only               accounts    what a statement posts to which
replay      all of it computed once more            telling     a statement as JSON
exports     what finance takes into its own tools   invoices    which CDRs an invoice bills
problems    what cannot be done, and what is next
"""

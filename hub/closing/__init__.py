"""Who owes whom: periods are closed, statements written, and every amount is in a ledger that sums to nought.

allocation  whole units shared out exactly        rounding  amounts to the units of a currency
ledger      double entry, append only
"""

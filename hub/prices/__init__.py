"""Which tariff holds for whom, and since when; rating asks it what holds, synchronisation what is shown.

book    tariffs and their versions        rules   who gets which, and what comes off
curves  prices from a market              shown   what each partner sees
past    what-if on what was billed
"""

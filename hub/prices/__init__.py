"""Which tariff holds for whom, and since when: the price book, the assignment rules, what each partner sees.

Rating (`hub.billing`) asks it what holds; synchronisation (`hub.sync`) asks it what a partner may be shown.
"""

"""A month to try the clearing with: two CPOs, three eMSPs, three currencies, CDRs with every kind of fault.

cast      who takes part, what they agreed, what a charge costs
places    locations, tariffs and tokens as records that `hub.demo.forms` writes in each version
arrivals  made-up charges in the shape of real ones: when people come, how long they stay, what they charge
meter     what a calibrated meter signs
papers    sessions, and the CDRs that a CPO writes itself
spoiling  ways to make papers wrong
faults    one wrong CDR for each check: the literal table
plan      all that is told to the hub, in order of time
stage     the hub in this process with the clock of the month, and its partners
telling   the story
"""

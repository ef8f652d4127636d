"""Whether a CDR is right, and what becomes of it: checks, states, repricing, disputes, credits.

facts     a CDR read once            case      a CDR with all that is known around it
rule      what a check is            checks    the checks themselves, by family
emaid     contract ids
"""

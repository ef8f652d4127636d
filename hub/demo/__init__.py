"""Partners to try the hub with: a CPO and eMSPs that speak OCPI over HTTP, and the story of `hub demo`.

The partners know nothing of the hub's own OCPI code: they are peers with a plain implementation of their own,
so that what they accept and refuse says something about the wire.
"""

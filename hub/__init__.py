"""An OCPI roaming and billing hub. This is the map of its rooms; an arrow may only point downwards.

    cli        the `hub` command                          demo       a CPO and two eMSPs to try it with
    app        puts the parts together (create_app)
    api        OCPI over HTTP
    reactions  what follows when an object changes
    billing    what a session costs                       sync       what is owed to partners
    parties    who is connected                           surroundings  what a translation may look up
    store      what is kept                               net        the one way out to partners
    ocpi       OCPI itself: no Flask, no SQL, no sockets
    settings   the environment, read once
"""

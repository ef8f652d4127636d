"""An OCPI roaming and billing hub. This is the map of its rooms; an import may only point downwards.

    cli           the `hub` command
    demo          a CPO and two eMSPs to try it with
    app           puts the parts together (create_app)
    api           OCPI over HTTP
    operator      the operators' own REST API
    reactions     what follows when an object changes
    closing       who owes whom
    clearing      whether a CDR is right
    billing       what a session costs, and its CDR
    sync          what is owed to partners, and its delivery
    prices        which tariff holds for whom, since when; what each partner sees
    parties       who is connected
    observing     how partners stand, figures, the log
    hub           what is handed to every part: settings, store, client
    surroundings  what a translation may look up
    store         what is kept
    net           the one way out to partners
    settings      the environment, read once
    ocpi          OCPI itself: no Flask, no SQL, no sockets

The rules stand in pyproject.toml, [tool.importlinter], and are tests.
"""

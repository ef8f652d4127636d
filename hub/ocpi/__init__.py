"""OCPI itself, as data and pure functions: no web framework, no database, no sockets."""

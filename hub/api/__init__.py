"""OCPI over HTTP: routes made from the tables of modules and editions; what is irregular, by hand."""

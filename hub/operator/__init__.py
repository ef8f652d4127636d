"""The operators' own REST API: people and their tools, with named tokens and roles, described by OpenAPI."""

"""What a session costs, and the CDR that says so."""

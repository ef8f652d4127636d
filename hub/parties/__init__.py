"""Who is connected: partners, their parties, tokens and endpoints, and how they register."""

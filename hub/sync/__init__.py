"""What is owed to partners, and how it is sent."""

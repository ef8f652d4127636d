"""What is kept: tables, and the few ways in which they are written and read."""

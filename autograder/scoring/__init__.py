"""What a score comes to: checks, adjustments by people, lateness. Data in, data out; nothing is run for it."""

"""What a strategy says, as one document: its parts, its rules, what is missing, what has changed. No table, no door."""

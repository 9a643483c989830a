"""The development stack: PostgreSQL, broker, web, worker and clock, started and stopped together."""

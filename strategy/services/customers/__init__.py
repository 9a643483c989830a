"""What is done with companies, contacts and the organisation's own facts of them."""

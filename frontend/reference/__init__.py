"""What the pages about the API show, taken from the document that describes it."""

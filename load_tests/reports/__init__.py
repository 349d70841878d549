"""What a run says to people: the server's own view of it, a live table, a page, a comparison."""

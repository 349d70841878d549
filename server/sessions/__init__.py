"""One session: its tasks, its states and its subscribers."""

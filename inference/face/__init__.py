"""Pictures: find the face, its landmarks, its blinks and its expression."""

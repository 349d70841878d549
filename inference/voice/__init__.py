"""Sound: windows, voice activity and the expression of a voice."""

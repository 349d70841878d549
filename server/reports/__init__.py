"""The report of a session as people read it: HTML, PDF and EmotionML."""

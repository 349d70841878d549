"""What people are told before they are analysed."""

NOTICE = (
    "Your face, voice and text are analysed live for the expression they show. A score describes "
    "what is shown, not what you feel. No picture and no sound is kept; scores may be kept for a "
    "limited time, and text only if you agree. You can stop at any time."
)
"""Shown to the person before any media is taken (EU AI Act, Art. 50(3))."""

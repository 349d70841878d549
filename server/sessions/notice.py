"""What people are told before they are analysed."""

NOTICE = (
    "Your face, voice and text are analysed live for the expression they show. A score describes "
    "what is shown, not what you feel. Nothing is recorded, and you can stop at any time."
)
"""Shown to the person before any media is taken (EU AI Act, Art. 50(3))."""

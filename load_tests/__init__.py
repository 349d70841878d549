"""WebRTC peers that replay pre-encoded clips, feed subscribers, and checks under load.

Everything here speaks the public protocol only, as a browser would.
"""

from pathlib import Path

PORTRAIT = Path(__file__).with_name("clips") / "portrait.webm"
"""The shipped clip: picture and sound, 12 s, loops without a jump."""

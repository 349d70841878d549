"""WebRTC tracks to frames and windows."""

"""The edge: HTTP, WebRTC, the feed, sessions and what they may do."""

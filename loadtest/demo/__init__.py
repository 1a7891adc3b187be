"""The demo: a simulated bank, Penumbra beside it, and buttons that break Penumbra."""

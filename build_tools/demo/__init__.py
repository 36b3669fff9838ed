"""The demo: one line of dialogue becomes a .blend, a video with sound and a contact sheet."""

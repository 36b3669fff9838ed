"""The teacher that is told phones instead of sound, and animates made-up speech."""

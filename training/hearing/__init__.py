"""Learning what an emotion sounds like, from voices performed in emotions."""

"""What lips, jaw and teeth do: shapes moved so that one thing is seen, and contact that is really made."""

"""What Tyk's Python plugins import."""

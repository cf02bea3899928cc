"""Here because plugins may import it; the gateway loads plugins itself."""

"""From bytes to documents: one module per kind of source. Never touches the store."""

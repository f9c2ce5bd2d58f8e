"""The only place that waits: connections, quota turns, tokens and the loop around one request."""

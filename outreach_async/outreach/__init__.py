"""Outreach's words: the client, its collections and its records."""

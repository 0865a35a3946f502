"""Comparison of the requests that both clients send for the same work."""

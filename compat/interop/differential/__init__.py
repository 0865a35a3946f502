"""The same work by the official client and by ours, and what of it looks different from the server's side."""

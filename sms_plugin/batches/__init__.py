"""Sending to many: whom, what each would read, and the way from a confirmed batch to its messages (S2 to S7)."""

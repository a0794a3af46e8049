"""Processes are killed, stopped and restarted at every point of a message's way (promise 3)."""

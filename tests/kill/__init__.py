"""The process is killed at every point of a message's way (promise 3)."""

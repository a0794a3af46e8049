"""Web servers, workers and commands together on one database: each message once, each job once, and nobody hurt."""

"""Vendors' servers, in this process: written from the facts on their APIs, and never from our adapters."""

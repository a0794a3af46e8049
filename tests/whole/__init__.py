"""Gateways through the whole plugin, each against its vendor's double."""

"""Debian's own Kannel: bearerbox, smsbox and the fake SMSC, on loopback."""

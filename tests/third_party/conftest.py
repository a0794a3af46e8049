"""The package in here is somebody else's: its own tests run where it is installed, not from here."""

collect_ignore = ["pigeon"]

"""The plugin's own Alembic environment, shipped as ``sms_plugin.migrations``."""

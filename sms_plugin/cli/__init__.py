"""``flask sms …``: everything that can be done without a page."""

from __future__ import annotations

from sms_plugin.cli.checks import check
from sms_plugin.cli.group import sms
from sms_plugin.cli.message import message
from sms_plugin.cli.provider import provider
from sms_plugin.cli.reading import catalog, measure_lines, status, timeline_of
from sms_plugin.cli.running import flush, send, sweep, worker
from sms_plugin.cli.setup import downgrade, key, upgrade
from sms_plugin.cli.trigger import trigger

for command in (
    catalog,
    check,
    downgrade,
    flush,
    key,
    measure_lines,
    message,
    provider,
    send,
    status,
    sweep,
    timeline_of,
    trigger,
    upgrade,
    worker,
):
    sms.add_command(command)

__all__ = ["sms"]

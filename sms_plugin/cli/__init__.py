"""``flask sms …``: everything that can be done without a page."""

from __future__ import annotations

from sms_plugin.cli.batch import batch
from sms_plugin.cli.catalogue import catalog
from sms_plugin.cli.checks import check
from sms_plugin.cli.explaining import explain
from sms_plugin.cli.forecasting import forecast
from sms_plugin.cli.group import sms
from sms_plugin.cli.message import message
from sms_plugin.cli.provider import provider
from sms_plugin.cli.reading import measure_lines, status, timeline_of
from sms_plugin.cli.running import flush, send, sweep, worker
from sms_plugin.cli.setup import downgrade, key, upgrade
from sms_plugin.cli.surge import surge
from sms_plugin.cli.trigger import trigger

for command in (
    batch,
    catalog,
    check,
    downgrade,
    explain,
    flush,
    forecast,
    key,
    measure_lines,
    message,
    provider,
    send,
    status,
    surge,
    sweep,
    timeline_of,
    trigger,
    upgrade,
    worker,
):
    sms.add_command(command)

__all__ = ["sms"]

"""Norte Fibra: the back office of a made-up internet provider, and the portal that texts in this repository.

Everything it writes for the SMS plugin stands in ``host_demo/sms/``.
"""

from __future__ import annotations

from host_demo.app import create_app

__all__ = ["create_app"]

"""``python -m host_demo``: the portal and its phones on this machine."""

from __future__ import annotations

from contextlib import ExitStack

import click

from host_demo.app import create_app
from host_demo.production import deployed, watch
from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD, OPERATOR_LOGIN, OPERATOR_PASSWORD
from host_demo.server import CannotOpen, claim, phones, serving, stop_on_signals
from host_demo.setup import prepare

WELCOME = """
  Norte Fibra, a made-up internet provider, is open:  {portal}
    administrator  {admin}  {admin_password}
    operator       {operator}  {operator_password}
  {phones}
  Ctrl-C closes it."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, help="Port of the portal.")
@click.option("--phone-port", default=5001, show_default=True, help="Port of the phones.")
@click.option("--database", default="sqlite:///demo.db", show_default=True, help="Database URL.")
@click.option("--no-phone", is_flag=True, help="Do not start the phones; they run elsewhere, or not at all.")
@click.option("--bare", is_flag=True, help="Begin without a provider and with every trigger off, as after install.")
@click.option("--production", is_flag=True, help="Serve by gunicorn, with the SMS worker in a process of its own.")
def main(host: str, port: int, phone_port: int, database: str, no_phone: bool, bare: bool, production: bool) -> None:
    """Make the tables and the first records where they are missing, and serve the portal."""
    stop_on_signals()
    portal, phone_page = f"http://{host}:{port}", f"http://127.0.0.1:{phone_port}"
    settings = {"SQLALCHEMY_DATABASE_URI": database, "SMS_PUBLIC_URL": portal, "PHONE_GATEWAY_URL": phone_page}
    welcome = WELCOME.format(
        portal=portal,
        admin=ADMIN_LOGIN,
        admin_password=ADMIN_PASSWORD,
        operator=OPERATOR_LOGIN,
        operator_password=OPERATOR_PASSWORD,
        phones="The phones are switched off." if no_phone else f"The phones are at  {phone_page}",
    )
    app = create_app(settings)
    try:
        with ExitStack() as running:
            if production:
                claim(host, port, what="the portal", option="--port")
            else:
                server = running.enter_context(serving(app, host=host, port=port))
            if not no_phone:
                running.enter_context(phones(phone_port))
            prepare(app, bare=bare)
            if production:
                processes = running.enter_context(deployed(settings, host=host, port=port))
                click.echo(welcome)
                watch(processes)
            click.echo(welcome)
            server.serve_forever()
    except CannotOpen as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Closed.")


if __name__ == "__main__":
    main()

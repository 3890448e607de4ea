"""What the tap's command line has beyond that of the Singer SDK."""

from __future__ import annotations

import click
from singer_sdk.tap_base import CliTestOptionValue

from salesforce_seg.summary import report_option


def extended(command: click.Command) -> click.Command:
    """The SDK's command with ``--plan`` and ``--report``, and a ``--test`` that waits for the other options.

    Args:
        command: The SDK's; changed in place.
    """
    (test,) = (each for each in command.params if each.name == "test")
    test.callback, test.expose_value = None, True  # it needs the catalog too, wherever that stands
    test.type = click.Choice([each.value for each in CliTestOptionValue])
    command.params.append(
        click.Option(
            ["--plan", "show_plan"],
            is_flag=True,
            help="Print the reader, rows and API calls of each selected stream, and read nothing.",
        )
    )
    command.params.append(report_option())
    return command

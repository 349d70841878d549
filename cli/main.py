"""``esapr``: the command with all its subcommands."""

from importlib.metadata import version

import click

from esapr.cli.analyze import analyze
from esapr.cli.audit import audit
from esapr.cli.bench import bench
from esapr.cli.cluster import cluster
from esapr.cli.demo import demo
from esapr.cli.keys import keys
from esapr.cli.loadtest import loadtest
from esapr.cli.models import models
from esapr.cli.records import records
from esapr.cli.serve import serve
from esapr.cli.top import top


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("esapr"), prog_name="esapr")
def main() -> None:
    """ESAPR: live expression states from video, sound and text."""


main.add_command(audit)
main.add_command(serve)
main.add_command(demo)
main.add_command(analyze)
main.add_command(keys)
main.add_command(models)
main.add_command(bench)
main.add_command(loadtest)
main.add_command(cluster)
main.add_command(records)
main.add_command(top)

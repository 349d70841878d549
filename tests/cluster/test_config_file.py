"""The config file in the documentation is one that Serve takes, and says what `up` says."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.cluster.extra import require

require("ray", "grpc")

PAGE = Path(__file__).parents[2] / "docs/how-to/run-a-cluster.md"
# In a process of its own: importing Ray warns, and starts threads.
READ = """
import json, sys, yaml
from ray._common.utils import import_attr
from ray.serve.schema import ServeDeploySchema
from esapr.cluster import deployments
config = ServeDeploySchema(**yaml.safe_load(sys.stdin))
(app,) = config.applications
(options,) = app.deployments
print(json.dumps({
    "names": sorted({app.name, app.args["model"], options.name, app.route_prefix.strip("/")}),
    "application": import_attr(app.import_path) is deployments.application,
    "servicers": [import_attr(f).__name__ for f in config.grpc_options.grpc_servicer_functions],
    "ongoing": options.max_ongoing_requests == deployments.ONGOING,
}))
"""


def test_serve_takes_the_documented_config_file() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    done = subprocess.run(
        [sys.executable, "-c", READ], input=example[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "names": ["face_detector"],
        "application": True,
        "servicers": ["add_to_server"],
        "ongoing": True,
    }
